/**
 * `npm run bench:throughput`: how many whole trades a second a two-node geth network carries (period 1 s, 30 million
 * gas), beside the bound: gas limit ÷ gas of a trade ÷ period. A trade is one purchase and one full settlement, each a
 * transaction of its own; the meter and the server are left out, their readings are signed here. `-- --trades 1000`
 * for another number, `-- --json` for one JSON object.
 */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { privateKeyToAddress } from "web3-eth-accounts";
import { z } from "zod";
import { readContracts } from "../../chain/artifacts";
import { encodeCall, encodePurchase, type Hex, tokenAbi, tradeAbi } from "../../chain/codec";
import { meterKeyOf } from "../../chain/meter-key";
import { ask, JsonRpc } from "../../chain/rpc";
import { signTransaction } from "../../chain/signer";
import { createPrivateKey, halvesOf } from "../../chain/web3";
import { GETH_CHAIN_ID } from "../../common/lab";
import { BASE_UNITS, paymentFor } from "../../common/units";
import { migrate } from "../deploy";
import { endsWithUs, runProgram } from "../ending";
import { commissionMeter, type LabChain, labChain } from "../lab-chain";
import { startBenchNetwork } from "./geth";

const ROOT = join(__dirname, "..", "..");
const PERIOD_S = 1;
const PRICE = 120n * BASE_UNITS;
/** Of whom each sends its share in order: a node drops what comes too far out of turn from one account. */
const BUYERS = 40;
const SENT_AT_ONCE = 50;
const BATCH_WITHIN_MS = 60_000;
const FEES = { maxFeePerGas: 100_000_000_000n, maxPriorityFeePerGas: 1_000_000_000n };
const TRANSACTION_GAS = 130_000n;

interface Buyer {
  privateKey: string;
  address: string;
  nonce: number;
}
interface Sent {
  gas: bigint;
  /** First and last block that hold them, the time between their timestamps counted with one period for the last. */
  seconds: number;
}

/** Ether and tokens from the lab's faucet. */
async function newBuyers({ web3, token, from }: LabChain): Promise<Buyer[]> {
  const buyers = Array.from({ length: BUYERS }, () => {
    const privateKey = createPrivateKey();
    return { privateKey, address: privateKeyToAddress(privateKey), nonce: 0 };
  });
  const { from: faucet } = from("faucet");
  await web3.eth.sendTransaction({
    from: faucet,
    to: token.options.address,
    value: BASE_UNITS,
    gas: 100_000,
  });
  let nonce = await web3.eth.getTransactionCount(faucet);
  const transfers = buyers.flatMap(({ address }) => [
    web3.eth.sendTransaction({ from: faucet, to: address, value: BASE_UNITS, gas: 21_000, nonce: nonce++ }),
    token.methods.transfer(address, BASE_UNITS).send({ from: faucet, gas: "80000", nonce: String(nonce++) }),
  ]);
  await Promise.all(transfers);
  return buyers;
}

/** Signs all of them first, then sends them as fast as the node takes them, and waits until the last is sealed. */
async function carryOut(rpcUrl: string, calls: { buyer: Buyer; to: string; data: Hex }[]): Promise<Sent> {
  const signed = [];
  for (const { buyer, to, data } of calls) {
    const fields = {
      chainId: GETH_CHAIN_ID,
      nonce: buyer.nonce++,
      to,
      data,
      gasLimit: TRANSACTION_GAS,
      ...FEES,
    };
    signed.push(signTransaction(fields, buyer.privateKey));
  }
  for (let i = 0; i < signed.length; i += SENT_AT_ONCE)
    await batch(
      rpcUrl,
      "eth_sendRawTransaction",
      signed.slice(i, i + SENT_AT_ONCE).map(({ raw }) => raw),
    );
  type Receipt = { blockNumber: string; gasUsed: string; status: string } | null;
  const receipts: NonNullable<Receipt>[] = [];
  while (receipts.length < signed.length) {
    const part = signed.slice(receipts.length, receipts.length + SENT_AT_ONCE).map(({ hash }) => hash);
    const got = await batch<Receipt>(rpcUrl, "eth_getTransactionReceipt", part);
    const missing = got.indexOf(null);
    receipts.push(...(got.slice(0, missing < 0 ? undefined : missing) as NonNullable<Receipt>[]));
    if (missing >= 0) await new Promise((resolve) => setTimeout(resolve, 250));
  }
  const refused = receipts.filter(({ status }) => status !== "0x1").length;
  if (refused > 0) throw new Error(`${refused} of ${receipts.length} transactions were refused`);
  const blocks = receipts.map(({ blockNumber }) => Number(blockNumber));
  return {
    gas: receipts.reduce((sum, { gasUsed }) => sum + BigInt(gasUsed), 0n),
    // A clique chain that falls behind its period would have blocks further apart: their own clocks say how far.
    seconds: (await secondsBetween(rpcUrl, Math.min(...blocks), Math.max(...blocks))) + PERIOD_S,
  };
}

async function secondsBetween(rpcUrl: string, first: number, last: number): Promise<number> {
  const [a, b] = await Promise.all(
    [first, last].map((block) =>
      ask<{ timestamp: string }>(rpcUrl, "eth_getBlockByNumber", `0x${block.toString(16)}`, false),
    ),
  );
  return Number(b!.timestamp) - Number(a!.timestamp);
}

const batch = <T>(url: string, method: string, params: string[]): Promise<T[]> =>
  new JsonRpc({ url, timeoutMs: BATCH_WITHIN_MS }).all(
    params.map((param) => ({ method, params: [param], schema: z.unknown() })),
  ) as Promise<T[]>;

async function tradeAll(rpcUrl: string, artifactsDir: string, trades: number) {
  await migrate("geth", { RPC_URL: rpcUrl, ARTIFACTS_DIR: artifactsDir });
  const deployment = readContracts(artifactsDir, GETH_CHAIN_ID);
  if (!deployment) throw new Error("truffle migrate left no addresses");
  const lab = await labChain(rpcUrl, deployment);
  const key = meterKeyOf(createPrivateKey());
  await commissionMeter(lab, key);
  await lab.trade.methods.listOffer(key.meter, BigInt(trades), PRICE, 3600n, 1n).send(lab.from("prosumer"));
  const offerId = await lab.trade.methods.offerCount().call();
  const buyers = await newBuyers(lab);
  const order = encodePurchase(offerId, 1n);
  const method = "transferAndCall(address,uint256,bytes)";
  const purchase = encodeCall(tokenAbi, method, deployment.trade, paymentFor(1n, PRICE), order);
  const buyerOf = (i: number) => buyers[i % buyers.length]!;

  const purchases = await carryOut(
    rpcUrl,
    Array.from({ length: trades }, (_, i) => ({ buyer: buyerOf(i), to: deployment.token, data: purchase })),
  );
  const signer = key.signerFor({ chainId: GETH_CHAIN_ID, trade: deployment.trade });
  const opened = await lab.trade.getPastEvents("TradeOpened", { fromBlock: 0n, toBlock: "latest" });
  const settlements = await carryOut(
    rpcUrl,
    opened.map(({ returnValues: { tradeId, buyer, milliWh, deadline } }, i) => {
      const reading = { tradeId, deliveredMilliWh: 1n, registerMilliWh: BigInt(trades), isFinal: true };
      const purchase = { buyer, orderedMilliWh: milliWh, deadlineAtMs: Number(deadline) * 1000 };
      const signature = halvesOf(signer.sign({ ...reading, ...purchase }));
      const data = encodeCall(tradeAbi, "settle", reading, signature);
      return { buyer: buyerOf(i), to: deployment.trade, data };
    }),
  );
  const { gasLimit } = await lab.web3.eth.getBlock("latest");
  const gasOfTrade = Number((purchases.gas + settlements.gas) / BigInt(trades));
  const seconds = purchases.seconds + settlements.seconds;
  const bound = Number(gasLimit) / gasOfTrade / PERIOD_S;
  return {
    trades,
    periodS: PERIOD_S,
    gasLimit: Number(gasLimit),
    gasOfPurchase: Number(purchases.gas / BigInt(trades)),
    gasOfSettlement: Number(settlements.gas / BigInt(trades)),
    secondsOfPurchases: purchases.seconds,
    secondsOfSettlements: settlements.seconds,
    tradesPerSecond: Number((trades / seconds).toFixed(1)),
    boundPerSecond: Number(bound.toFixed(1)),
    shareOfBound: Number((trades / seconds / bound).toFixed(2)),
  };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { json: { type: "boolean" }, trades: { type: "string", default: "1000" } },
  });
  const trades = Number(values.trades);
  if (!Number.isInteger(trades) || trades < 1 || trades > 4000)
    throw new Error("--trades takes a whole number from 1 to 4000");
  const directory = mkdtempSync(join(tmpdir(), "neighborwatt-throughput-"));
  endsWithUs("folder of the benchmark", () => rmSync(directory, { recursive: true, force: true }));
  const artifactsDir = join(directory, "contracts");
  cpSync(join(ROOT, "build", "contracts"), artifactsDir, { recursive: true });
  const network = await startBenchNetwork();
  try {
    const figures = await tradeAll(network.rpcUrl, artifactsDir, trades);
    if (values.json) return console.log(JSON.stringify(figures));
    console.log(
      `${trades} trades on two geth nodes, a block of ${figures.gasLimit} gas every ${PERIOD_S} s
  a trade   ${figures.gasOfPurchase} + ${figures.gasOfSettlement} gas (purchase + settlement)
  carried   ${figures.tradesPerSecond} trades/s (purchases ${figures.secondsOfPurchases} s, settlements ${figures.secondsOfSettlements} s)
  bound     ${figures.boundPerSecond} trades/s = gas limit ÷ gas ÷ period; reached ${Math.round(figures.shareOfBound * 100)} %`,
    );
  } finally {
    await network.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

runProgram(main);
