/**
 * The whole recipe as the operator runs it, with real puppeth, two real geth nodes and a real sshd between them. Stood in
 * for are only what a test machine cannot be: two hosts (two folders), sudo, cloud-init and systemd (a few lines of shell
 * on PATH), and the first hop of ssh from the operator (the command, run in the folder of the node it is for).
 */
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseEnv } from "node:util";
import { type Machine, NODE1, NODE2 } from "../../geth/ec2/network";
import { recommitMs } from "../../geth/node";
import { lookForGeth, lookForPuppeth, requireProgram } from "../../geth/programs";
import { need } from "../support/need";
import { freePort, startGeth, startSshd, until, writeStandIns } from "./stage";
import { EC2, findSshd, layOut, temporaryFolder } from "./support";

const FUNDED = "0x00000000000000000000000000000000000000Aa";
describe("bring-up of the EC2 network", function () {
  this.timeout(240_000);
  let folder: string;
  let geth: string;
  let puppeth: string;
  let ports: Record<Machine["name"], number>;
  let sshd: ChildProcess | undefined;
  let said: string;
  let stopWatching = () => {};
  const started: ChildProcess[] = [];
  const rootOf = (machine: Machine) => path.join(folder, machine.name);
  const inside = (machine: Machine, ...parts: string[]) => path.join(rootOf(machine), ...parts);

  before(async function () {
    const [foundGeth, foundPuppeth, sshdBinary] = [lookForGeth(), lookForPuppeth(), findSshd()];
    need(this, "geth", "program" in foundGeth && "program" in foundPuppeth);
    need(this, "sshd", sshdBinary !== null);
    need(this, "jq");
    geth = requireProgram(foundGeth);
    puppeth = requireProgram(foundPuppeth);
    folder = temporaryFolder();
    for (const machine of [NODE1, NODE2]) layOut(machine, rootOf(machine));
    ports = { node1: await freePort(), node2: await freePort() };
    const sshPort = await freePort();
    for (const key of [path.join(folder, "host_key"), inside(NODE2, "etc/neighborwatt/fetch_key")]) {
      execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "neighborwatt-node2", "-f", key]);
    }
    sshd = await startSshd(folder, sshdBinary!, sshPort);
    writeStandIns(folder, sshPort);
    said = await bringUp();
  });

  after(async () => {
    stopWatching();
    for (const child of [...started, ...(sshd ? [sshd] : [])]) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill("SIGINT");
      await once(child, "exit");
    }
    if (folder) fs.rmSync(folder, { recursive: true });
  });

  async function bringUp(): Promise<string> {
    const waiting = new Set([NODE1, NODE2]);
    const timer = setInterval(() => {
      for (const machine of waiting) {
        if (!fs.existsSync(inside(machine, "start"))) continue;
        waiting.delete(machine);
        started.push(startGeth(folder, geth, machine, ports));
      }
    }, 50);
    stopWatching = () => clearInterval(timer);
    const child = spawn(path.join(EC2, "bring-up"), ["node1", "node2", "--period", "1", "--fund", FUNDED], {
      env: {
        ...process.env,
        PATH: `${path.join(folder, "bin")}:${process.env.PATH}`,
        GETH_BIN: geth,
        PUPPETH_BIN: puppeth,
        NEIGHBORWATT_FETCHER: os.userInfo().username,
      },
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        output += chunk.toString();
      });
    }
    const [status] = (await once(child, "close")) as [number | null];
    assert.equal(status, 0, output);
    return output;
  }

  function ask(machine: Machine, script: string): unknown {
    const args = ["attach", "--exec", `JSON.stringify(${script})`, inside(machine, "var/lib/geth/geth.ipc")];
    return JSON.parse(JSON.parse(execFileSync(geth, args, { encoding: "utf8" })) as string);
  }

  /** ssh to node 1 with node 2's key, as node 2 could try it. */
  function knock(...extra: string[]) {
    const [host, port] = [
      "127.0.0.1",
      fs.readFileSync(path.join(folder, "sshd_config"), "utf8").split(/[ \n]/)[1]!,
    ];
    const key = inside(NODE2, "etc/neighborwatt/fetch_key");
    const options = ["-F", "none", "-i", key, "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes", "-p", port];
    const trust = [
      "-o",
      "StrictHostKeyChecking=no",
      "-o",
      "UserKnownHostsFile=/dev/null",
      "-o",
      "LogLevel=ERROR",
    ];
    return spawnSync("ssh", [...options, ...trust, `${os.userInfo().username}@${host}`, ...extra], {
      encoding: "utf8",
      input: "",
      timeout: 30_000,
    });
  }

  it("ends with both nodes on the same chain, the second following the first", async () => {
    const height = (machine: Machine) => ask(machine, "eth.blockNumber") as number;
    await until("node 2 has three blocks", () => height(NODE2) >= 3);
    const block = "eth.getBlock(3)";
    assert.deepEqual(ask(NODE2, block), ask(NODE1, block));
    assert.equal(ask(NODE1, "net.peerCount"), 1);
  });

  it("begins blocks again at the same interval as the lab does", () => {
    const settings = parseEnv(fs.readFileSync(inside(NODE1, "etc/neighborwatt/sealer.env"), "utf8"));
    assert.equal(settings.RECOMMIT, `${recommitMs(1)}ms`);
  });

  it("says how both nodes are", () => {
    assert.equal(said.match(/^head {5}\d+ 0x[0-9a-f]{64}/gm)?.length, 2, said);
    assert.match(said, /^sealers {2}0x[0-9a-f]{40}$/m);
  });

  it("opens the tunnel to node 1's sshd on node 2's loopback only", () => {
    assert.equal(fs.readFileSync(path.join(folder, "tunnel"), "utf8"), "127.0.0.1:2201:node1:22\n");
  });

  it("makes a genesis whose sealer was made on node 1 and whose money is where it was asked for", () => {
    const { genesis } = JSON.parse(
      fs.readFileSync(inside(NODE1, "srv/neighborwatt/network.json"), "utf8"),
    ) as {
      genesis: { config: object; extraData: string; gasLimit: string; alloc: Record<string, object> };
    };
    const lab = JSON.parse(fs.readFileSync(path.join(EC2, "../genesis.json"), "utf8")) as typeof genesis;
    assert.deepEqual(genesis.config, lab.config);
    assert.equal(genesis.gasLimit, lab.gasLimit);
    const sealer = (ask(NODE1, "eth.coinbase") as string).slice(2);
    assert.equal(genesis.extraData, `0x${"0".repeat(64)}${sealer}${"0".repeat(130)}`);
    assert.deepEqual(Object.keys(genesis.alloc).sort(), [sealer, FUNDED.slice(2).toLowerCase()].sort());
  });

  it("leaves the sealer's key and password on node 1", () => {
    const password = fs.readFileSync(inside(NODE1, "var/lib/geth/sealer-password"), "utf8").trim();
    assert.ok(password.length >= 40);
    assert.equal(fs.statSync(inside(NODE1, "var/lib/geth/sealer-password")).mode & 0o777, 0o600);
    const published = fs.readFileSync(inside(NODE1, "srv/neighborwatt/network.json"), "utf8");
    assert.deepEqual(Object.keys(JSON.parse(published) as object), ["genesis", "enode"]);
    assert.ok(!published.includes(password));
    const keystore = inside(NODE2, "var/lib/geth/keystore");
    assert.deepEqual(fs.existsSync(keystore) ? fs.readdirSync(keystore) : [], []);
  });

  it("gives node 2's key the genesis and the enode, whatever it asks for", () => {
    const published = fs.readFileSync(inside(NODE1, "srv/neighborwatt/network.json"), "utf8");
    for (const command of [[], ["id"], [`cat ${inside(NODE1, "var/lib/geth/sealer-password")}`]]) {
      const { stdout } = knock(...command);
      assert.equal(stdout, published, command.join(" "));
    }
  });

  it("gives node 2's key no terminal and no forwarding", () => {
    assert.match(knock("-tt").stderr, /PTY allocation request failed/);
    const { status, stderr } = knock("-o", "ExitOnForwardFailure=yes", "-R", "127.0.0.1:0:127.0.0.1:1");
    assert.notEqual(status, 0);
    assert.match(stderr, /forward/);
  });

  it("shuts node 2's key out when it comes from another address", () => {
    const file = inside(NODE1, "srv/neighborwatt/.ssh/authorized_keys");
    const line = fs.readFileSync(file, "utf8");
    assert.match(line, /from="127\.0\.0\.1"/);
    fs.writeFileSync(file, line.replace('from="127.0.0.1"', 'from="203.0.113.7"'));
    try {
      const { status, stderr } = knock();
      assert.equal(status, 255);
      assert.match(stderr, /Permission denied/);
    } finally {
      fs.writeFileSync(file, line);
    }
  });
});
