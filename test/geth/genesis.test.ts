import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { privateKeyToAddress } from "web3-eth-accounts";
import { ask } from "../../chain/rpc";
import { LAB_ACCOUNTS, LAB_MNEMONIC } from "../../common/lab";
import { GENESIS_FILE, genesisFor, readGenesis, readPlan } from "../../geth/folder";
import {
  addressesOf,
  type FreshSettings,
  isSameButForTime,
  LAB_REQUEST,
  makeFresh,
} from "../../geth/genesis";
import { LAB_FUNDED, LAB_SEALERS } from "../../geth/lab";
import { startNetwork } from "../../geth/network";
import { lookForPuppeth, ROOT, requireProgram } from "../../geth/programs";
import { GAS_LIMIT, makeGenesis, runPuppeth, wizardAnswers } from "../../geth/puppeth";
import { freePlaces, needGeth } from "../support/geth";

describe("the lab's accounts", () => {
  it("are the mnemonic's: ten rich ones, then three sealers", () => {
    const addresses = addressesOf(LAB_MNEMONIC, 13);
    assert.deepEqual(addresses, [...LAB_FUNDED, ...LAB_SEALERS.map((sealer) => sealer.address)]);
  });

  it("have keys that fit, and the roles are among the rich", () => {
    for (const { address, privateKey } of LAB_SEALERS) assert.equal(privateKeyToAddress(privateKey), address);
    for (const { address, index } of Object.values(LAB_ACCOUNTS)) assert.equal(LAB_FUNDED[index], address);
  });
});

describe("geth/genesis.json", () => {
  const genesis = readGenesis(GENESIS_FILE);

  it("is clique on chain 13371 with London from the first block and room for 30 M gas", () => {
    const { chainId, clique, londonBlock, berlinBlock } = genesis.config;
    assert.deepEqual(
      { chainId, clique, londonBlock, berlinBlock },
      {
        chainId: 13371,
        clique: { period: 1, epoch: 30000 },
        londonBlock: 0,
        berlinBlock: 0,
      },
    );
    assert.equal(Number(genesis.gasLimit), 30_000_000);
  });

  it("names one sealer and makes exactly the lab's ten accounts rich", () => {
    assert.equal(genesis.extraData.slice(2 + 64, -130), LAB_SEALERS[0].address.slice(2).toLowerCase());
    assert.deepEqual(
      Object.keys(genesis.alloc).sort(),
      LAB_FUNDED.map((address) => address.slice(2).toLowerCase()).sort(),
    );
  });
});

describe("puppeth", function () {
  this.timeout(120_000);
  before(async function () {
    await needGeth(this);
  });

  it("writes geth/genesis.json again, byte for byte but for its timestamp", async () => {
    const again = await makeGenesis(requireProgram(lookForPuppeth()), LAB_REQUEST);
    assert(Number(again.timestamp) >= Number(readGenesis(GENESIS_FILE).timestamp));
    assert(isSameButForTime(again, readGenesis(GENESIS_FILE)));
    const text = `${JSON.stringify({ ...again, timestamp: readGenesis(GENESIS_FILE).timestamp }, null, 2)}\n`;
    assert.equal(text, readFileSync(GENESIS_FILE, "utf8"));
  });

  it("differs from the file in the gas limit alone, which we raise", async () => {
    const raw = await runPuppeth(requireProgram(lookForPuppeth()), LAB_REQUEST);
    assert.equal(Number(raw.gasLimit), 4_700_000);
    assert(isSameButForTime({ ...raw, gasLimit: GAS_LIMIT }, readGenesis(GENESIS_FILE)));
  });

  it("writes for three sealers and another period what genesisFor makes of the lab's file", async () => {
    const sealers = LAB_SEALERS.map((sealer) => sealer.address);
    const asked = await makeGenesis(requireProgram(lookForPuppeth()), { ...LAB_REQUEST, sealers, period: 5 });
    assert(isSameButForTime(asked, genesisFor(readGenesis(GENESIS_FILE), 5, [...sealers].reverse())));
  });

  it("that exports nothing is quoted", async () => {
    await assert.rejects(runPuppeth("/bin/echo", LAB_REQUEST), /puppeth exported no genesis.*--network/s);
  });
});

describe("the wizard's answers", () => {
  for (const [what, change, said] of [
    ["an address that would crash puppeth", { sealers: ["0xzz".padEnd(42, "z")] }, /is not an address/],
    ["an address of 41 digits", { funded: [`${LAB_FUNDED[0]}0`] }, /is not an address/],
    ["no sealer", { sealers: [] }, /at least one sealer/],
    ["period 0", { period: 0 }, /period 0 is not a whole number/],
    ["a chain id below one", { chainId: -1 }, /chain id -1/],
  ] as const) {
    it(`are refused for ${what}, before puppeth sees them`, () => {
      assert.throws(() => wizardAnswers({ ...LAB_REQUEST, ...change }), said);
    });
  }
});

describe("npm run geth:genesis -- --fresh", function () {
  this.timeout(180_000);
  let parent: string;
  const settings: FreshSettings = {
    profile: "one-sealer",
    period: 1,
    chainId: 13371,
    sealers: [],
    funded: [],
  };

  before(async function () {
    await needGeth(this);
    parent = mkdtempSync(join(tmpdir(), "nw-fresh-"));
  });
  after(() => {
    if (parent) rmSync(parent, { recursive: true, force: true });
  });

  it("makes keys that nobody has, kept to their owner, and a network that runs on them", async () => {
    const dir = join(parent, "own");
    await makeFresh(dir, { ...settings, places: await freePlaces(2) });
    const mnemonic = readFileSync(join(dir, "mnemonic"), "utf8").trim();
    assert.notEqual(mnemonic, LAB_MNEMONIC);
    for (const file of ["mnemonic", "node1/password", "node1/keystore"]) {
      assert.equal(statSync(join(dir, file)).mode & 0o077, 0, file);
    }
    const genesis = readGenesis(join(dir, "genesis.json"));
    assert.deepEqual(
      Object.keys(genesis.alloc).sort(),
      addressesOf(mnemonic, 10)
        .map((address) => address.slice(2).toLowerCase())
        .sort(),
    );
    const { isLab, nodes } = readPlan(dir)!;
    assert.equal(isLab, false);
    assert.equal(genesis.extraData.slice(66, -130), nodes[0]!.sealer!.slice(2).toLowerCase());
    const lab = [...LAB_FUNDED, ...LAB_SEALERS.map((sealer) => sealer.address)].map((a) =>
      a.slice(2).toLowerCase(),
    );
    for (const address of lab) assert(!JSON.stringify(genesis).toLowerCase().includes(address), address);

    const network = await startNetwork(dir);
    try {
      assert(network.head >= 1);
      const sealers = await ask<string[]>(join(dir, "node2", "geth.ipc"), "clique_getSigners");
      assert.deepEqual(sealers, [nodes[0]!.sealer!.toLowerCase()]);
    } finally {
      await network.stop();
    }
  });

  it("never overwrites keys", async () => {
    const mnemonic = readFileSync(join(parent, "own", "mnemonic"), "utf8");
    await assert.rejects(
      makeFresh(join(parent, "own"), settings),
      /is not empty: keys are never overwritten/,
    );
    assert.equal(readFileSync(join(parent, "own", "mnemonic"), "utf8"), mnemonic);
  });

  it("refuses a folder inside the tree, from where keys could be committed", async () => {
    const inside = join(ROOT, "data", "mine");
    await assert.rejects(makeFresh(inside, settings), /inside the source tree; name a folder outside/);
    assert.equal(existsSync(inside), false);
  });

  it("writes only the genesis for sealers whose keys are on their own machines", async () => {
    const dir = join(parent, "machines");
    const sealer = "0x00000000000000000000000000000000000000A1";
    const rich = "0x00000000000000000000000000000000000000b2";
    await makeFresh(dir, { ...settings, period: 5, sealers: [sealer], funded: [rich] });
    const genesis = readGenesis(join(dir, "genesis.json"));
    assert.equal(genesis.config.clique.period, 5);
    assert.equal(genesis.extraData.slice(66, -130), sealer.slice(2).toLowerCase());
    assert.deepEqual(Object.keys(genesis.alloc), [rich.slice(2)]);
    assert.equal(existsSync(join(dir, "network.json")), false);
  });

  it("refuses the lab's keys for it", async () => {
    const asked = { ...settings, sealers: [LAB_SEALERS[0].address.toLowerCase()] };
    await assert.rejects(
      makeFresh(join(parent, "x"), asked),
      /well-known development key: everybody could use it/,
    );
    assert.equal(existsSync(join(parent, "x")), false);
  });
});
