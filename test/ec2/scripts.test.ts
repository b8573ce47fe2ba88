import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { LAB_ACCOUNTS } from "../../common/lab";
import { NODE1, NODE2 } from "../../geth/ec2/network";
import { LAB_FUNDED, LAB_SEALERS } from "../../geth/lab";
import { need } from "../support/need";
import { EC2, layOut, run, temporaryFolder } from "./support";

const SCRIPTS = [
  ...fs.readdirSync(path.join(EC2, "bin")).map((name) => path.join(EC2, "bin", name)),
  path.join(EC2, "bring-up"),
];
const STRANGER = "0x00000000000000000000000000000000000000aa";
const labGenesis = fs.readFileSync(path.join(EC2, "../genesis.json"), "utf8");

/** A genesis as puppeth writes it, with one sealer and one funded account. */
function genesisOf(sealer: string, funded: string): string {
  const bare = (address: string) => address.slice(2);
  return JSON.stringify({
    config: { chainId: 13371 },
    extraData: `0x${"0".repeat(64)}${bare(sealer)}${"0".repeat(130)}`,
    alloc: { [bare(funded)]: { balance: "0x1" } },
  });
}

describe("the scripts on the EC2 machines", () => {
  let root: string;
  beforeEach(() => {
    root = temporaryFolder();
    layOut(NODE1, root);
  });
  afterEach(() => fs.rmSync(root, { recursive: true }));

  it("are bash that bash can read", () => {
    for (const script of SCRIPTS) execFileSync("bash", ["-n", script]);
  });

  it("give shellcheck nothing to say", function () {
    this.timeout(60_000);
    need(this, "shellcheck");
    const { status, stdout } = spawnSync("shellcheck", ["-x", ...SCRIPTS], {
      encoding: "utf8",
      cwd: path.join(EC2, "../.."),
    });
    assert.equal(status, 0, stdout);
  });

  describe("refuse-lab-accounts", () => {
    const refuse = (genesis: string) => {
      const file = path.join(root, "genesis.json");
      fs.writeFileSync(file, genesis);
      return run(root, "refuse-lab-accounts", [file]);
    };
    before(function () {
      need(this, "jq");
    });

    it("refuses the lab's own genesis and names the accounts", () => {
      const { status, stderr } = refuse(labGenesis);
      assert.equal(status, 1);
      for (const address of [...LAB_FUNDED, LAB_SEALERS[0].address]) {
        assert.ok(stderr.includes(address.toLowerCase()), address);
      }
      assert.match(stderr, /Make your own/);
    });

    it("refuses every well-known account, as sealer and as holder of ether, however it is written", function () {
      this.timeout(60_000);
      const everybody = [...Object.values(LAB_ACCOUNTS), ...LAB_SEALERS].map(({ address }) => address);
      for (const address of everybody) {
        const loud = `0x${address.slice(2).toUpperCase()}`;
        assert.equal(refuse(genesisOf(address, STRANGER)).status, 1, `${address} seals`);
        assert.equal(refuse(genesisOf(STRANGER, loud)).status, 1, `${address} is rich`);
      }
    });

    it("lets a genesis of one's own pass", () => {
      const { status, stderr } = refuse(genesisOf(STRANGER, STRANGER));
      assert.equal(status, 0, stderr);
    });

    it("lets nothing pass that it cannot check", () => {
      for (const broken of [
        "",
        "{}",
        "no json",
        JSON.stringify({ extraData: "0x" }),
        `{"alloc":{"${STRANGER.slice(2)}":{}}}`,
      ]) {
        assert.notEqual(refuse(broken).status, 0, broken);
      }
      fs.writeFileSync(path.join(root, "opt/neighborwatt/lab-accounts"), "");
      const { status, stderr } = refuse(genesisOf(STRANGER, STRANGER));
      assert.equal(status, 1);
      assert.match(stderr, /lab-accounts is missing or empty/);
    });
  });

  describe("genesis", () => {
    const rows: [string[], RegExp][] = [
      [["--fund", LAB_ACCOUNTS.operator.address], /well-known development account/],
      [["--fund", LAB_ACCOUNTS.operator.address.toLowerCase()], /well-known development account/],
      [["--fund", "0x12"], /an address is 0x and 40/],
      [["--fund", `${STRANGER};id`], /an address is 0x and 40/],
      [["--fund"], /wants a value|an address/],
      [["--period", "0"], /seconds between blocks/],
      [["--period", "1.5"], /seconds between blocks/],
      [["--sealer", STRANGER], /usage/],
    ];
    for (const [args, reason] of rows) {
      it(`refuses ${args.join(" ")} and makes nothing`, () => {
        const { status, stderr } = run(root, "genesis", args);
        assert.equal(status, 1);
        assert.match(stderr, reason);
        assert.equal(fs.existsSync(path.join(root, "var/lib/geth")), false);
        assert.equal(fs.existsSync(path.join(root, "var/lib/geth/sealer-password")), false);
      });
    }
  });

  describe("authorise", () => {
    const KEY = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${"A".repeat(43)} node2`;
    const line = () => fs.readFileSync(path.join(root, "srv/neighborwatt/.ssh/authorized_keys"), "utf8");
    beforeEach(() => {
      fs.mkdirSync(path.join(root, "srv/neighborwatt"), { recursive: true });
      fs.writeFileSync(path.join(root, "srv/neighborwatt/network.json"), "{}");
    });

    it("writes one line: nothing but this command, from this address, for this key", function () {
      need(this, "ssh-keygen");
      const { status, stderr } = run(root, "authorise", ["203.0.113.7"], `${KEY}\n`);
      assert.equal(status, 0, stderr);
      const command = `cat ${root}/srv/neighborwatt/network.json`;
      assert.equal(line(), `restrict,command="${command}",from="203.0.113.7" ${KEY}\n`);
      assert.equal(fs.statSync(path.join(root, "srv/neighborwatt/.ssh/authorized_keys")).mode & 0o777, 0o644);
    });

    it("replaces the key of last time", function () {
      need(this, "ssh-keygen");
      run(root, "authorise", ["203.0.113.7"], `${KEY}\n`);
      run(root, "authorise", ["203.0.113.8"], `${KEY}\n`);
      assert.equal(line().trimEnd().split("\n").length, 1);
      assert.match(line(), /from="203\.0\.113\.8"/);
    });

    const rows: [string, string, string][] = [
      ["a line with options of its own", "203.0.113.7", `command="sh" ${KEY}`],
      ["a quote in the comment", "203.0.113.7", KEY.replace("node2", 'x" pty')],
      ["a key of another kind", "203.0.113.7", "ssh-rsa AAAA node2"],
      ["no key", "203.0.113.7", ""],
      ["a pattern instead of an address", "*", KEY],
      ["an address with more behind it", '1.2.3.4",pty,from="*', KEY],
    ];
    for (const [what, from, key] of rows) {
      it(`refuses ${what} and authorises nobody`, () => {
        assert.equal(run(root, "authorise", [from], `${key}\n`).status, 1);
        assert.equal(fs.existsSync(path.join(root, "srv/neighborwatt/.ssh/authorized_keys")), false);
      });
    }

    it("has nothing to give before there is a genesis", () => {
      fs.rmSync(path.join(root, "srv/neighborwatt/network.json"));
      const { status, stderr } = run(root, "authorise", ["203.0.113.7"], `${KEY}\n`);
      assert.equal(status, 1);
      assert.match(stderr, /genesis first/);
    });
  });

  describe("seal", () => {
    const id = "ab".repeat(64);
    for (const enode of [
      "",
      `enode://${id}@10.13.71.99:30303?discport=0`,
      `enode://${id}@10.13.71.12:30303?discport=0"]\nTrustedNodes=["`,
      `enode://${id.slice(1)}@10.13.71.12:30303?discport=0`,
    ]) {
      it(`takes no other peer than node 2: ${JSON.stringify(enode)}`, () => {
        fs.writeFileSync(path.join(root, "etc/neighborwatt/sealer.env"), `SEALER=${STRANGER}\n`);
        const { status, stderr } = run(root, "seal", [enode]);
        assert.equal(status, 1);
        assert.match(stderr, /not the enode of the other machine, 10\.13\.71\.12/);
        assert.equal(fs.existsSync(path.join(root, "etc/neighborwatt/peers.toml")), false);
      });
    }

    it("says what comes first when there is no sealer", () => {
      const { status, stderr } = run(root, "seal", [`enode://${id}@10.13.71.12:30303?discport=0`]);
      assert.equal(status, 1);
      assert.match(stderr, /genesis first/);
    });
  });

  it("run only on the machine they are for", () => {
    layOut(NODE2, root);
    for (const [script, args] of [
      ["genesis", []],
      ["authorise", ["203.0.113.7"]],
      ["seal", ["enode://00@10.13.71.12:30303"]],
    ] as const) {
      const { status, stderr } = run(root, script, [...args]);
      assert.equal(status, 1);
      assert.match(stderr, /this is the validator/);
    }
  });
});
