import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadMeterKey } from "../../chain";
import { revertOf } from "../../chain/abi-errors";
import { RpcError } from "../../chain/rpc";
import { settlerKey } from "../../chain/settler-key";
import { settleCall } from "../../chain/simulation";
import { LAB_ACCOUNTS, LAB_MNEMONIC } from "../../common/lab";
import { TestChain } from "../support/chain";
import { nodeAt } from "./support";

describe("the settler's key", () => {
  it("is account 4 of the mnemonic", () => {
    assert.equal(settlerKey(LAB_MNEMONIC, 13370), LAB_ACCOUNTS.settler.privateKey);
    assert.equal(
      settlerKey(` ${LAB_MNEMONIC.toUpperCase().replaceAll(" ", "\n ")} `, 13371),
      LAB_ACCOUNTS.settler.privateKey,
    );
  });

  it("is refused from the lab's mnemonic on any other chain", () => {
    for (const chainId of [1, 1337, 31337]) {
      assert.throws(() => settlerKey(LAB_MNEMONIC, chainId), /known to everybody and refused on chain/);
      assert.throws(() => settlerKey(LAB_MNEMONIC.replaceAll(" ", "  "), chainId), /known to everybody/);
    }
  });

  it("is refused from words that are no mnemonic, without repeating them", () => {
    for (const words of ["", "junk", LAB_MNEMONIC.replace("junk", "test")]) {
      assert.throws(
        () => settlerKey(words, 13370),
        (error: Error) => /not valid/.test(error.message) && !(words && error.message.includes(words)),
      );
    }
  });
});

describe("the meter's key", function () {
  this.timeout(60_000);
  let folder: string;
  let file: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "neighborwatt-key-"));
    file = join(folder, "new", "meter.json");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("is made once, encrypted, for its owner's eyes, and is the same ever after", async () => {
    const made = await loadMeterKey({ file, password: "sun", createIfMissing: true });
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const keystore = JSON.parse(readFileSync(file, "utf8")) as { version: number; crypto: { kdf: string } };
    assert.deepEqual([keystore.version, keystore.crypto.kdf], [3, "scrypt"]);
    const before = readFileSync(file);
    const loaded = await loadMeterKey({ file, password: "sun", createIfMissing: true });
    assert.equal(loaded.meter, made.meter);
    assert.deepEqual(readFileSync(file), before);
    await assert.rejects(
      loadMeterKey({ file, password: "moon" }),
      /the password does not open the meter key at .*meter.json/,
    );
    assert.deepEqual(readFileSync(file), before);
  });

  it("is not made when nobody asked for it", async () => {
    await assert.rejects(loadMeterKey({ file, password: "sun" }), /there is no meter key at/);
  });

  it("is not replaced when its file is damaged", async () => {
    file = join(folder, "meter.json");
    for (const text of ["", "{}", "[]", '{"version":3}', "not json"]) {
      writeFileSync(file, text);
      await assert.rejects(
        loadMeterKey({ file, password: "sun", createIfMissing: true }),
        /is not a keystore: restore it/,
      );
      assert.equal(readFileSync(file, "utf8"), text);
    }
  });
});

describe("a signed reading", function () {
  this.timeout(60_000);
  let chain: TestChain;
  before(async () => {
    chain = await TestChain.start();
    await chain.purchase("consumer", await chain.listOffer(), 1000n);
  });
  after(() => chain.stop());

  const tradeId = 1_000_001n;
  const reading = { tradeId, deliveredMilliWh: 5n, registerMilliWh: 7n, isFinal: false };
  const trySettle = async (signature: string, change: Partial<typeof reading> = {}) => {
    const signed = { ...reading, ...change, signature, meter: chain.meterKey.meter, signedAtMs: 0 };
    const request = { from: LAB_ACCOUNTS.settler.address, to: chain.trade, data: settleCall([signed]) };
    const [result] = await nodeAt(chain.rpcUrl).tryCalls([request], "latest");
    return result instanceof RpcError ? revertOf(result) : result;
  };

  it("is accepted by the contract, which recovers the meter from it", async () => {
    const { chainId, trade, meterKey } = chain;
    assert.equal(meterKey.signerFor({ chainId, trade }).meter, meterKey.meter);
    for (const isFinal of [true, false])
      for (const deliveredMilliWh of [1n, 999n, 1000n]) {
        const one = { tradeId, deliveredMilliWh, registerMilliWh: 2n ** 40n - 1n, isFinal };
        assert.match(chain.signReading(one), /^0x[0-9a-f]{128}$/);
        assert.equal(await trySettle(chain.signReading(one), one), "0x");
      }
  });

  it("counts on no other chain, for no other contract, reading or purchase", async () => {
    const { chainId, trade, meterKey } = chain;
    const purchase = chain.purchaseOf(tradeId);
    const statement = { ...reading, ...purchase };
    const wrong = [
      meterKey.signerFor({ chainId: chainId + 1, trade }).sign(statement),
      meterKey.signerFor({ chainId, trade: chain.token }).sign(statement),
      chain.signReading({ ...reading, registerMilliWh: 8n }),
      chain.signReading(reading, meterKey, { ...purchase, buyer: LAB_ACCOUNTS.consumer2.address }),
      chain.signReading(reading, meterKey, { ...purchase, orderedMilliWh: 999n }),
      chain.signReading(reading, meterKey, { ...purchase, deadlineAtMs: purchase.deadlineAtMs + 1000 }),
    ];
    for (const signature of wrong) {
      const revert = await trySettle(signature);
      assert.ok(typeof revert === "object" && revert?.name === "ReadingNotByMeter");
      assert.equal(revert.args.meter, meterKey.meter);
    }
  });
});
