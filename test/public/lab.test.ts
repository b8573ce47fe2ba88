import assert from "node:assert/strict";
import fc from "fast-check";
import { Common, FeeMarketEIP1559Transaction } from "web3-eth-accounts";
import { bytesToHex, hexToBytes } from "web3-utils";
import { encodeCall, encodePurchase, tokenAbi, tradeAbi } from "../../chain/codec";
import { signTransaction } from "../../chain/signer";
import { LAB_ACCOUNTS } from "../../common/lab";
import { announceText } from "../../public/announce";
import { ids } from "../../public/ids";
import { tabStorage } from "../../public/tab-storage";
import { labWallet } from "../../public/wallet/lab";
import { describeTransaction } from "../../public/wallet/lab-describe";
import { requireChain, sendFromLab } from "../../public/wallet/lab-send";
import { rpcProvider } from "../../public/wallet/provider";
import { startEmbeddedChain } from "../../scripts/embedded-chain";
import { config, METER, memoryStorage, readyState, scripted, TOKEN, TRADE, TX_HASH, trade } from "./fixtures";

const NWT = 10n ** 18n;

describe("What the lab wallet is about to sign, in words", () => {
  const transfer = (to: string, data: string) =>
    encodeCall(tokenAbi, "transferAndCall(address,uint256,bytes)", to, 2_400_000_000_000_000n, data);
  const rows: [{ to: string; value?: bigint; data?: string }, string, string][] = [
    [
      { to: TOKEN, data: transfer(TRADE, encodePurchase(3n, 20n)) },
      "Buy 20 mWh of offer 3 for 0.0024 NWT",
      "판매 3에서 20 mWh을(를) 0.0024 NWT에 사기",
    ],
    [{ to: TOKEN, value: 10n ** 16n }, "Get 10 NWT for 0.01 ETH", "0.01 ETH로 10 NWT 받기"],
    [
      { to: TOKEN, data: encodeCall(tokenAbi, "redeem", 5n * NWT) },
      "Give 5 NWT back for 0.005 ETH",
      "5 NWT을(를) 돌려주고 0.005 ETH 받기",
    ],
    [
      { to: TRADE, data: encodeCall(tradeAbi, "listOffer", METER, 1_500n, 120n * NWT, 3600n, 1n) },
      "Offer 1.5 Wh at 120 NWT/kWh, delivered within 1 hour",
      "1.5 Wh을(를) 120 NWT/kWh에 팔기, 1시간 안에 공급",
    ],
    [
      { to: TRADE, data: encodeCall(tradeAbi, "listOffer", METER, 1_500n, 120n * NWT, 3600n, 20n) },
      "Offer 1.5 Wh at 120 NWT/kWh, delivered within 1 hour, 20 mWh or more at a time",
      "1.5 Wh을(를) 120 NWT/kWh에 팔기, 1시간 안에 공급, 한 번에 20 mWh 이상",
    ],
    [{ to: TRADE, data: encodeCall(tradeAbi, "withdrawOffer", 4n) }, "Withdraw offer 4", "판매 4 취소"],
    [
      { to: TRADE, data: encodeCall(tradeAbi, "refund", 1_000_001n) },
      "Close trade 1000001 and refund what was not delivered",
      "거래 1000001을(를) 끝내고 공급되지 않은 만큼 환불",
    ],
    [{ to: METER, value: NWT }, "Send 1 ETH to 0xa7F1…BcEC", "0xa7F1…BcEC에 1 ETH 보내기"],
  ];
  for (const [transaction, en, ko] of rows)
    it(`"${en}"`, () => {
      const whole = { value: 0n, data: "0x", ...transaction };
      assert.equal(describeTransaction(whole, config, "en"), en);
      assert.equal(describeTransaction(whole, config, "ko"), ko);
    });

  const strange: [string, { to: string; data: string }][] = [
    ["a transfer to a stranger", { to: TOKEN, data: transfer(METER, encodePurchase(3n, 20n)) }],
    ["a call it does not know", { to: TRADE, data: "0xdeadbeef" }],
    ["a known call to another contract", { to: METER, data: encodeCall(tradeAbi, "withdrawOffer", 4n) }],
    ["an approval", { to: TOKEN, data: encodeCall(tokenAbi, "approve", METER, 1n) }],
  ];
  for (const [what, transaction] of strange)
    it(`warns of ${what}`, () =>
      assert.match(describeTransaction({ value: 0n, ...transaction }, config, "en"), /cannot read/));
});

describe("The lab's keys", () => {
  it("sign byte for byte as web3-eth-accounts does", () => {
    const common = Common.custom({ chainId: 13370 }, { hardfork: "london" });
    const amount = fc.bigInt({ min: 0n, max: 2n ** 80n });
    fc.assert(
      fc.property(
        fc.record({
          nonce: fc.bigInt({ min: 0n, max: 2n ** 40n }),
          value: amount,
          gasLimit: fc.bigInt({ min: 21_000n, max: 30_000_000n }),
          maxPriorityFeePerGas: fc.bigInt({ min: 0n, max: 2n ** 40n }),
          data: fc.uint8Array({ maxLength: 300 }).map((bytes) => bytesToHex(bytes)),
        }),
        (random) => {
          const transaction = { ...random, chainId: 13370, to: TOKEN, maxFeePerGas: 2n ** 41n };
          const key = LAB_ACCOUNTS.consumer.privateKey;
          const theirs = FeeMarketEIP1559Transaction.fromTxData(transaction, { common }).sign(
            hexToBytes(key),
          );
          const raw = bytesToHex(theirs.serialize());
          assert.deepEqual(signTransaction(transaction, key), { raw, hash: bytesToHex(theirs.hash()) });
        },
      ),
      { numRuns: 50 },
    );
  });

  it("sign on no chain but the lab's, whatever they are told", async () => {
    for (const [node, wanted] of [
      ["0x1", 13370],
      ["0x1", 1],
      ["0x343b", 13370],
    ] as const)
      await assert.rejects(requireChain(scripted({ eth_chainId: () => node }), wanted), { code: 4901 });
    await requireChain(scripted({ eth_chainId: () => "0x343a" }), 13370);
    await requireChain(scripted({ eth_chainId: () => "0x343b" }), 13371);
  });

  it("send nothing when the node is on another chain", async () => {
    const rpc = scripted({ eth_chainId: () => "0x1" });
    const transaction = { to: TOKEN, value: 1n, data: "0x" };
    await assert.rejects(sendFromLab(rpc, 13370, LAB_ACCOUNTS.faucet, transaction), { code: 4901 });
    assert.deepEqual(rpc.asked, ["eth_chainId"]);
  });

  it("pay what the server pays: twice the base fee and a tip at most, and a quarter more gas than estimated", async () => {
    let raw = "";
    const rpc = scripted({
      eth_chainId: () => "0x343a",
      eth_estimateGas: () => "0x5208",
      eth_getBlockByNumber: () => ({ baseFeePerGas: "0x3b9aca00" }),
      eth_getTransactionCount: () => "0x0",
      eth_sendRawTransaction: ([sent]) => {
        raw = sent as string;
        return TX_HASH;
      },
    });
    const transaction = { to: TOKEN, value: 1n, data: "0x" };
    assert.equal(await sendFromLab(rpc, 13370, LAB_ACCOUNTS.faucet, transaction), TX_HASH);
    const sent = FeeMarketEIP1559Transaction.fromSerializedTx(hexToBytes(raw), {
      common: Common.custom({ chainId: 13370 }, { hardfork: "london" }),
    });
    assert.equal(sent.gasLimit, 26_250n);
    assert.equal(sent.maxFeePerGas, 3_500_000_000n);
    assert.equal(sent.getSenderAddress().toString().toLowerCase(), LAB_ACCOUNTS.faucet.address.toLowerCase());
  });
});

describe("The lab's keys on several devices at once", function () {
  this.timeout(60_000);

  it("serve every one of them: a number that is taken is followed by the next", async () => {
    const chain = await startEmbeddedChain({ sealing: "manual" });
    try {
      const rpc = rpcProvider(chain.rpcUrl);
      const to = (device: number) => `0x${String(device).padStart(2, "0").repeat(20)}`;
      const devices = [11, 12, 13, 14, 15, 16, 17, 18, 19, 19];
      const gift = (device: number) =>
        sendFromLab(rpc, 13370, LAB_ACCOUNTS.faucet, { to: to(device), value: 5n, data: "0x" });
      const hashes = await Promise.all(devices.map(gift));
      assert.equal(new Set(hashes).size, devices.length);
      await chain.mine();
      for (const device of devices)
        assert.equal(Number(await chain.rpc("eth_getBalance", to(device), "latest")), device === 19 ? 10 : 5);
    } finally {
      await chain.kill();
    }
  });

  it("are one house a tab: another tab's choice is not this one's, after a reload neither", async () => {
    const shared = memoryStorage();
    const wallet = (tab: Storage) =>
      labWallet({ config: () => config, storage: tabStorage(shared, tab), language: () => "en" });
    const accounts = async (tab: Storage, held = wallet(tab)) =>
      (await held.request({ method: "eth_accounts" })) as string[];
    const houseOf = (role: "consumer" | "prosumer") => [LAB_ACCOUNTS[role].address.toLowerCase()];
    const [a, b] = [memoryStorage(), memoryStorage()];
    tabStorage(shared, a).setItem("neighborwatt/lab-account", "consumer");
    const inA = wallet(a);
    tabStorage(shared, b).setItem("neighborwatt/lab-account", "prosumer");
    assert.deepEqual(await accounts(a, inA), houseOf("consumer"));
    assert.deepEqual(await accounts(a), houseOf("consumer"));
    assert.deepEqual(await accounts(memoryStorage()), houseOf("prosumer"));
    await inA.request({ method: "wallet_revokePermissions" });
    assert.deepEqual(await accounts(a), []);
    assert.deepEqual(await accounts(b), houseOf("prosumer"));
  });
});

describe("Ids", () => {
  it("are all different", () => {
    const all = Object.values(ids).map((id) =>
      typeof id === "string" ? id : (id as (...names: string[]) => string)("1", "x"),
    );
    assert.equal(new Set(all).size, all.length);
  });
});

describe("A screen reader", () => {
  const before = { ...readyState, trades: { [String(trade.tradeId)]: trade } };
  it("is told of a trade's next step, and not of the first snapshot", () => {
    const after = {
      ...before,
      trades: { [String(trade.tradeId)]: { ...trade, status: "delivering" as const } },
    };
    assert.equal(announceText(before, after), "Your trade of 20 mWh: Delivering");
    assert.equal(announceText(before, before), "");
    const unknown = { ...before, trades: {} };
    assert.equal(announceText(unknown, after), "Your trade of 20 mWh: Delivering");
    assert.equal(
      announceText(unknown, { ...after, snapshots: 1 }),
      "",
      "another account's trades are no news",
    );
    assert.equal(announceText({ ...before, hasSnapshot: false, trades: {} }, after), "");
  });
});
