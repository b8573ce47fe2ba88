/** The embedded chain comes back from its log, block for block; and a log that is damaged is told, not mended. */
import assert from "node:assert/strict";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { privateKeyToAddress } from "web3-eth-accounts";
import { ask } from "../../chain/rpc";
import { signTransaction } from "../../chain/signer";
import { createPrivateKey } from "../../chain/web3";
import { LAB_ACCOUNTS } from "../../common/lab";
import { CHAIN_FILES, type EmbeddedChain, startEmbeddedChain } from "../../scripts/embedded-chain";
import { type FolderLock, lockFolder } from "../../scripts/folder-lock";

interface Block {
  number: string;
  hash: string;
  timestamp: string;
  transactions: string[];
}
interface Receipt {
  status: string;
  contractAddress: string | null;
}

/** The same numbers for the same seed: a failure can be run again. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * below);
  };
}

/** Code that stores 0x42 and whoever's call it was, and code whose deployment reverts. */
const CREATES = "0x69436000554260015500006000526009601 7f3".replace(" ", "");
const REVERTS = "0x60006000fd";

describe("the kept chain's log", function () {
  this.timeout(120_000);
  let lock: FolderLock;
  let log: string;
  let chain: EmbeddedChain | undefined;

  beforeEach(() => {
    lock = lockFolder(mkdtempSync(join(tmpdir(), "neighborwatt-log-")), { program: "test" });
    log = join(lock.folder, CHAIN_FILES.log);
  });
  afterEach(async () => {
    await chain?.kill();
    chain = undefined;
    lock.release();
    rmSync(lock.folder, { recursive: true });
  });

  const start = async (options = {}): Promise<EmbeddedChain> => {
    chain = await startEmbeddedChain({ keptIn: lock, sealing: "manual", ...options });
    return chain;
  };
  const latest = (from: EmbeddedChain) => from.rpc<Block>("eth_getBlockByNumber", "latest", false);

  async function send(to: EmbeddedChain, privateKey: string, more: object, nonceOffset = 0): Promise<string> {
    const from = privateKeyToAddress(privateKey);
    const next = Number(await to.rpc<string>("eth_getTransactionCount", from, "pending"));
    const nonce = Math.max(0, next + nonceOffset);
    const fees = { maxFeePerGas: 20_000_000_000n, maxPriorityFeePerGas: 1n };
    const fields = {
      chainId: 13370,
      nonce,
      value: 0n,
      data: "0x",
      gasLimit: 300_000n,
      ...fees,
      ...more,
    };
    const { raw } = signTransaction(fields, privateKey);
    return ask<string>(to.rpcUrl, "eth_sendRawTransaction", raw);
  }

  for (const seed of [1, 2, 3]) {
    it(`gives the same blocks again for any transactions of many accounts, reverted and replaced ones too (seed ${seed})`, async () => {
      const random = randomNumbers(seed);
      const keys: string[] = Object.values(LAB_ACCOUNTS).map(({ privateKey }) => privateKey);
      const contracts: string[] = [];
      const first = await start();
      for (let round = 0; round < 40; round++) {
        if (round === 10) keys.push(...Array.from({ length: 3 }, createPrivateKey));
        // Sometimes a whole crowd in one block.
        for (let i = random(8) === 0 ? 40 : random(6); i > 0; i--) {
          const key = keys[random(keys.length)]!;
          const tip = BigInt(random(5)) * 1_000_000_000n + BigInt(random(3));
          const fees = { maxFeePerGas: 20_000_000_000n + 3n * tip, maxPriorityFeePerGas: tip };
          const acts = [
            { to: privateKeyToAddress(keys[random(keys.length)]!), value: 10n ** 17n, gasLimit: 21_000n },
            { data: CREATES },
            { data: REVERTS },
            contracts.length > 0
              ? { to: contracts[random(contracts.length)], data: "0x1234" }
              : { data: CREATES },
          ];
          // One nonce back replaces what waits, one ahead waits itself, and an empty account cannot pay: refused or not.
          const nonceOffset = random(8) === 0 ? random(3) - 1 : 0;
          await send(first, key, { ...acts[random(acts.length)], ...fees }, nonceOffset).catch(
            (error: Error) => {
              assert.match(error.message, /nonce|underpriced|[Ii]nsufficient/);
            },
          );
        }
        await first.mine(random(3) === 0 ? 1 + random(6) : 1);
        const { transactions } = await latest(first);
        for (const hash of transactions) {
          const receipt = await first.rpc<Receipt>("eth_getTransactionReceipt", hash);
          if (receipt.contractAddress && receipt.status === "0x1") contracts.push(receipt.contractAddress);
        }
      }
      const before = await latest(first);
      assert.ok(contracts.length > 5);
      await first.kill();
      const again = await start();
      // A hash names all that is below it.
      assert.deepEqual(await latest(again), before);
      assert.equal(again.replayed, Number(before.number));
    });
  }

  it("is the same chain after ten stops and starts, with one block 0", async () => {
    const hashes = new Map<string, string>();
    for (let round = 0; round < 10; round++) {
      const now = await start({ sealing: "steady", periodMs: 20, tailBlocks: 1 });
      for (const [number, hash] of hashes)
        assert.equal((await now.rpc<Block>("eth_getBlockByNumber", number, false)).hash, hash, number);
      hashes.set("0x0", (await now.rpc<Block>("eth_getBlockByNumber", "0x0", false)).hash);
      // Still in the pool when the end comes: it is sealed first.
      const transaction = await send(now, LAB_ACCOUNTS.consumer.privateKey, {
        to: LAB_ACCOUNTS.prosumer.address,
        value: 1n,
      });
      await now.stop();
      const then = await start();
      assert.ok(await then.rpc("eth_getTransactionReceipt", transaction), `round ${round}`);
      const head = await latest(then);
      hashes.set(head.number, head.hash);
      await then.stop();
    }
    assert.ok(hashes.size > 10);
  });

  it("keeps chain time going after a start, and above the block below when the wall's clock was put back", async () => {
    const hourAgo = Date.now() - 3_600_000;
    const first = await start();
    await first.mine();
    await first.stop();
    const back = await start({ host: { nowMs: () => hourAgo, steadyMs: () => 0 } });
    const before = Number((await latest(back)).timestamp);
    await back.mine(2);
    assert.equal(Number((await latest(back)).timestamp), before + 2);
    await back.stop();
    const again = await start();
    assert.equal(Number((await latest(again)).timestamp), before + 2);
  });

  it("grows by some hundred bytes for an empty block, and a day of heartbeats is there again in a moment", async () => {
    let nowMs = Date.now();
    const first = await start({ host: { nowMs: () => nowMs, steadyMs: () => nowMs } });
    for (let beat = 0; beat < 2880; beat++) {
      nowMs += 30_000;
      await first.mine();
    }
    const before = await latest(first);
    await first.stop();
    assert.ok(readFileSync(log).length / 2880 < 200);
    const again = await start();
    assert.equal((await latest(again)).hash, before.hash);
  });

  async function writeSome(): Promise<string[]> {
    const first = await start();
    for (let i = 0; i < 4; i++) {
      await send(first, LAB_ACCOUNTS.consumer.privateKey, { to: LAB_ACCOUNTS.prosumer.address, value: 1n });
      await first.mine();
    }
    await first.stop();
    chain = undefined;
    return readFileSync(log, "utf8").split("\n").slice(0, -1);
  }
  const lineOf = (value: object): string => {
    const text = JSON.stringify(value);
    return `${text} ${crc32(text).toString(16).padStart(8, "0")}`;
  };
  const partsOf = (line: string) => JSON.parse(line.slice(0, line.lastIndexOf(" ")));

  /** What happened to the lines, and what the refusal says. */
  const DAMAGES: [string, (lines: string[]) => string, RegExp][] = [
    [
      "a digit changed in a block",
      (l) => l.with(2, l[2]!.replace("0x", "0y")).join("\n").concat("\n"),
      /line 3: the line is damaged/,
    ],
    [
      "a line gone",
      (l) => l.toSpliced(2, 1).join("\n").concat("\n"),
      /line 3: block 3 stands where block 2 should/,
    ],
    [
      "a line twice",
      (l) => l.toSpliced(2, 0, l[1]!).join("\n").concat("\n"),
      /line 3: block 1 stands where block 2 should/,
    ],
    [
      "rubbish in the middle",
      (l) => l.toSpliced(2, 0, "\u0000\u0001").join("\n").concat("\n"),
      /line 3: the line is damaged/,
    ],
    [
      "rubbish as a whole last line",
      (l) => [...l, "rubbish"].join("\n").concat("\n"),
      /line 6: the line is damaged/,
    ],
    ["an empty file", () => "", /there, but without a single whole line/],
    ["half a header", (l) => l[0]!.slice(0, 20), /there, but without a single whole line/],
    [
      "a header of tomorrow",
      (l) =>
        l
          .with(0, lineOf({ ...partsOf(l[0]!), format: 2 }))
          .join("\n")
          .concat("\n"),
      /line 1: format 2 is not known/,
    ],
    [
      "another genesis",
      (l) =>
        l
          .with(0, lineOf({ ...partsOf(l[0]!), genesis: "0x12" }))
          .join("\n")
          .concat("\n"),
      /line 1: it was begun from another genesis/,
    ],
    [
      "another time in a block, with the checksum set right",
      (l) =>
        l
          .with(2, lineOf({ ...partsOf(l[2]!), timestampS: partsOf(l[2]!).timestampS + 1 }))
          .join("\n")
          .concat("\n"),
      /line 3: block 2 comes out as 0x[0-9a-f]{64} .* was 0x[0-9a-f]{64}/,
    ],
    [
      "a block without its transaction",
      (l) =>
        l
          .with(2, lineOf({ ...partsOf(l[2]!), transactions: [] }))
          .join("\n")
          .concat("\n"),
      /line (3|4): /,
    ],
  ];
  for (const [what, damage, message] of DAMAGES) {
    it(`is refused with ${what}: the file and the line are named, and the mend, and nothing is changed`, async () => {
      const damaged = damage(await writeSome());
      writeFileSync(log, damaged);
      const files = readdirSync(lock.folder).sort();
      await assert.rejects(start(), (error: Error) => {
        assert.match(error.message, message);
        assert.ok(error.message.startsWith(log), error.message);
        assert.match(error.message, /Nothing was changed\. .*npm run reset/);
        return true;
      });
      assert.equal(readFileSync(log, "utf8"), damaged);
      assert.deepEqual(readdirSync(lock.folder).sort(), files);
    });
  }

  it("that is a folder is refused by name", async () => {
    mkdirSync(log);
    await assert.rejects(start(), (error: Error) => {
      assert.ok(error.message.startsWith(`${log} cannot be read`), error.message);
      assert.match(error.message, /it must be a file.*Nothing was changed/);
      return true;
    });
  });

  it("of an older kind is refused with the mend", async () => {
    writeFileSync(join(lock.folder, "chain.json"), "{}");
    await assert.rejects(
      start(),
      /chain\.json was kept by an older version.*Nothing was changed.*npm run reset/,
    );
  });

  it("can be copied while the chain runs", async () => {
    const first = await start();
    await first.mine(3);
    const before = await latest(first);
    const elsewhere = lockFolder(mkdtempSync(join(tmpdir(), "neighborwatt-copy-")), { program: "test" });
    copyFileSync(log, join(elsewhere.folder, CHAIN_FILES.log));
    const second = await startEmbeddedChain({ keptIn: elsewhere, sealing: "manual" });
    assert.equal((await latest(second)).hash, before.hash);
    await second.kill();
    elsewhere.release();
    rmSync(elsewhere.folder, { recursive: true });
  });
});
