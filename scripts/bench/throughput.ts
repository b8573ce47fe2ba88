/**
 * `npm run bench:throughput`: how many whole trades a second a two-node geth network carries (period 1 s, 30 million
 * gas), beside the bound: gas limit ÷ gas of a trade ÷ period. A trade is one purchase and one full settlement, each a
 * transaction of its own; the meter and the server are left out, their readings are signed here. Of each kind the first
 * block and the last are not counted: they are filled in part only. `-- --trades 12000` for another number, `-- --json`
 * for one JSON object.
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
import { GETH_CHAIN_ID, LAB_ACCOUNTS } from "../../common/lab";
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
/** What waits in the node's pool: some blocks full, and less than it holds (5,120) before it drops any. */
const WAITING_AT_MOST = 2_500;
/** Every full block raises the base fee by an eighth, seventy of them by a factor of 3,800; geth takes 1 ether at most. */
const FEES = { maxFeePerGas: 5_000_000_000_000n, maxPriorityFeePerGas: 1_000_000_000n };
const MOST_TRADES = 15_000;
/** For the fees of all that a buyer sends. */
const ETHER_OF_BUYER = 1_000n * BASE_UNITS;
/** Full blocks of both kinds: fewer, and one second more or less shows in the result. */
const LEAST_BLOCKS = 30;
const AIM = 0.95;
const TRANSACTION_GAS = 130_000n;

interface Buyer {
  privateKey: string;
  address: string;
  nonce: number;
}
interface Receipt {
  blockNumber: string;
  gasUsed: string;
  status: string;
}
interface SignedCall {
  buyer: Buyer;
  to: string;
  data: Hex;
  value?: bigint;
}
interface Sent {
  /** Of all of them. */
  gas: bigint;
  /** The full blocks, without the first and the last that hold any. */
  blocks: number;
  /** In the full blocks. */
  transactions: number;
  /** From the first block to the end of the full ones, by the blocks' own clocks. */
  seconds: number;
}

/** Ether and tokens from the lab's faucet. */
async function newBuyers(rpcUrl: string, { node, token, send, from }: LabChain): Promise<Buyer[]> {
  const buyers = Array.from({ length: BUYERS }, () => {
    const privateKey = createPrivateKey();
    return { privateKey, address: privateKeyToAddress(privateKey), nonce: 0 };
  });
  await send({ to: token.address, data: "0x", value: BASE_UNITS }, from("faucet"));
  const { address, privateKey } = LAB_ACCOUNTS.faucet;
  const faucet = { address, privateKey, nonce: await node.nonce(address, "latest") };
  const transfers = buyers.flatMap((buyer): SignedCall[] => [
    { buyer: faucet, to: buyer.address, data: "0x", value: ETHER_OF_BUYER },
    {
      buyer: faucet,
      to: token.address,
      data: token.methods.transfer(buyer.address, BASE_UNITS).encodeABI(),
    },
  ]);
  await sealAll(rpcUrl, transfers);
  return buyers;
}

/** Resolves when the node's pool has room. */
async function untilRoom(rpcUrl: string): Promise<void> {
  for (;;) {
    const { pending, queued } = await ask<{ pending: string; queued: string }>(rpcUrl, "txpool_status");
    if (Number(pending) + Number(queued) < WAITING_AT_MOST) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Signs all of them first, then sends them as fast as the pool takes them, and waits until the last is sealed. */
async function sealAll(rpcUrl: string, calls: SignedCall[]): Promise<Receipt[]> {
  const signed = [];
  for (const { buyer, to, data, value } of calls) {
    const fields = {
      chainId: GETH_CHAIN_ID,
      nonce: buyer.nonce++,
      to,
      data,
      value,
      gasLimit: TRANSACTION_GAS,
      ...FEES,
    };
    signed.push(signTransaction(fields, buyer.privateKey));
  }
  for (let i = 0; i < signed.length; i += SENT_AT_ONCE) {
    await untilRoom(rpcUrl);
    await batch(
      rpcUrl,
      "eth_sendRawTransaction",
      signed.slice(i, i + SENT_AT_ONCE).map(({ raw }) => raw),
    );
  }
  const receipts: Receipt[] = [];
  while (receipts.length < signed.length) {
    const part = signed.slice(receipts.length, receipts.length + SENT_AT_ONCE).map(({ hash }) => hash);
    const got = await batch<Receipt | null>(rpcUrl, "eth_getTransactionReceipt", part);
    const missing = got.indexOf(null);
    receipts.push(...(got.slice(0, missing < 0 ? undefined : missing) as Receipt[]));
    if (missing >= 0) await new Promise((resolve) => setTimeout(resolve, 250));
  }
  const refused = receipts.filter(({ status }) => status !== "0x1").length;
  if (refused > 0) throw new Error(`${refused} of ${receipts.length} transactions were refused`);
  return receipts;
}

async function carryOut(rpcUrl: string, calls: SignedCall[]): Promise<Sent> {
  const receipts = await sealAll(rpcUrl, calls);
  const heights = receipts.map(({ blockNumber }) => Number(blockNumber));
  const [first, last] = heights.reduce(
    ([low, high], height) => [Math.min(low, height), Math.max(high, height)],
    [Number.POSITIVE_INFINITY, 0],
  );
  const blocks = last - first - 1;
  if (blocks < 1) throw new Error("all of them were sealed in two blocks: more --trades are needed");
  return {
    gas: receipts.reduce((sum, { gasUsed }) => sum + BigInt(gasUsed), 0n),
    blocks,
    transactions: heights.filter((height) => height > first && height < last).length,
    // A clique chain that falls behind its period would have blocks further apart: their own clocks say how far.
    seconds: await secondsBetween(rpcUrl, first, last - 1),
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
  const buyers = await newBuyers(rpcUrl, lab);
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
  const { gasLimit } = await ask<{ gasLimit: string }>(rpcUrl, "eth_getBlockByNumber", "latest", false);
  const gasOfTrade = Number((purchases.gas + settlements.gas) / BigInt(trades));
  const bound = Number(gasLimit) / gasOfTrade / PERIOD_S;
  // A trade takes its share of a purchases' block, and its share of a settlements' block.
  const rate =
    1 / (purchases.seconds / purchases.transactions + settlements.seconds / settlements.transactions);
  const kind = ({ gas, blocks, transactions, seconds }: Sent) => ({
    gas: Number(gas / BigInt(trades)),
    blocks,
    transactions,
    seconds,
    perSecond: Number((transactions / seconds).toFixed(1)),
    boundPerSecond: Number(((Number(gasLimit) * trades) / Number(gas) / PERIOD_S).toFixed(1)),
  });
  return {
    trades,
    periodS: PERIOD_S,
    gasLimit: Number(gasLimit),
    purchases: kind(purchases),
    settlements: kind(settlements),
    blocks: purchases.blocks + settlements.blocks,
    leastBlocks: LEAST_BLOCKS,
    tradesPerSecond: Number(rate.toFixed(1)),
    boundPerSecond: Number(bound.toFixed(1)),
    shareOfBound: Number((rate / bound).toFixed(3)),
    aimOfShare: AIM,
  };
}

type Figures = Awaited<ReturnType<typeof tradeAll>>;

function printTable(figures: Figures): void {
  const { trades, gasLimit, purchases, settlements, blocks, tradesPerSecond, boundPerSecond } = figures;
  const row = (...cells: (string | number)[]) =>
    console.log(
      cells.map((cell, i) => (i === 0 ? String(cell).padEnd(14) : String(cell).padStart(13))).join(""),
    );
  console.log(`${trades} trades on two geth nodes, a block of ${gasLimit} gas every ${PERIOD_S} s`);
  row("", "gas each", "full blocks", "seconds", "a second", "bound");
  for (const [name, { gas, blocks, seconds, perSecond, boundPerSecond }] of [
    ["purchases", purchases],
    ["settlements", settlements],
  ] as const)
    row(name, gas, blocks, seconds, perSecond, boundPerSecond);
  row("whole trades", purchases.gas + settlements.gas, blocks, "", tradesPerSecond, boundPerSecond);
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
  console.log(
    `reached ${percent(figures.shareOfBound)} of the bound (gas limit ÷ gas ÷ period; aim ${percent(AIM)})`,
  );
  if (blocks < LEAST_BLOCKS)
    console.log(`only ${blocks} full blocks: a second more or less shows; take more --trades`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { json: { type: "boolean" }, trades: { type: "string", default: "9000" } },
  });
  const trades = Number(values.trades);
  if (!Number.isInteger(trades) || trades < 1 || trades > MOST_TRADES)
    throw new Error(`--trades takes a whole number from 1 to ${MOST_TRADES}`);
  const directory = mkdtempSync(join(tmpdir(), "neighborwatt-throughput-"));
  endsWithUs("folder of the benchmark", () => rmSync(directory, { recursive: true, force: true }));
  const artifactsDir = join(directory, "contracts");
  cpSync(join(ROOT, "build", "contracts"), artifactsDir, { recursive: true });
  const network = await startBenchNetwork();
  try {
    const figures = await tradeAll(network.rpcUrl, artifactsDir, trades);
    if (values.json) return console.log(JSON.stringify(figures));
    printTable(figures);
  } finally {
    await network.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

runProgram(main);
