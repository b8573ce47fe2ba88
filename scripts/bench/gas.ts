/**
 * `npm run bench:gas`: gas of each call, the first time and repeated, and of a whole trade beside two bare ERC-20
 * transfers, all measured in one run on a fresh embedded chain at London. `-- --json` for the same as one object.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readContracts } from "../../chain/artifacts";
import { encodePurchase } from "../../chain/codec";
import { meterKeyOf } from "../../chain/meter-key";
import { halvesOf } from "../../chain/web3";
import type { MethodCall } from "../../common/contracts";
import { EMBEDDED_CHAIN_ID, LAB_ACCOUNTS } from "../../common/lab";
import { BASE_UNITS, paymentFor } from "../../common/units";
import { compile } from "../compile";
import { migrate } from "../deploy";
import { startEmbeddedChain } from "../embedded-chain";
import { endsWithUs, runProgram } from "../ending";
import { type LabChain, type LabRole, labChain } from "../lab-chain";

/** Purchase and one full settlement; a trade of a batch of BATCH. */
const AIMS = { trade: 130_000, batched: 90_000 };
const BATCH = 32;
const PRICE = 120n * BASE_UNITS;
const ORDER_MILLI_WH = 500n;
const PAYMENT = paymentFor(ORDER_MILLI_WH, PRICE);
const WINDOW_S = 3_600n;
/** A meter of this bench alone. */
const METER_KEY = `0x${"0b".repeat(32)}`;

type Sendable = Pick<MethodCall<unknown>, "send">;

export interface GasReport {
  calls: { call: string; first: number; repeated: number | null }[];
  trade: { purchase: number; settlement: number; whole: number; aim: number };
  batch: { size: number; settlementEach: number; wholeEach: number; aim: number };
  twoTransfers: number;
}

class Bench {
  private readonly key = meterKeyOf(METER_KEY);
  readonly meter = this.key.meter;
  readonly calls: GasReport["calls"] = [];
  private register = 0n;
  private trades = 0n;

  constructor(private readonly lab: LabChain) {}

  private async gas(role: LabRole, call: Sendable): Promise<number> {
    return Number((await call.send({ ...this.lab.from(role), gas: 10_000_000n })).gasUsed);
  }

  /** Measures a call, and once more where that makes sense. */
  private async row(call: string, once: () => Promise<number>, isRepeatable = true): Promise<void> {
    const first = await once();
    this.calls.push({ call, first, repeated: isRepeatable ? await once() : null });
  }

  private async buyTokens(role: LabRole): Promise<number> {
    const { send, token, from } = this.lab;
    const transaction = { to: token.address, data: "0x" as const, value: BASE_UNITS };
    return Number((await send(transaction, from(role))).gasUsed);
  }

  private list = () =>
    this.gas("prosumer", this.lab.trade.methods.listOffer(this.meter, 1_000_000n, PRICE, WINDOW_S, 1n));

  /** Opens the next trade of offer 1. */
  private purchase = async (): Promise<number> => {
    const { token, trade } = this.lab;
    const data = encodePurchase(1n, ORDER_MILLI_WH);
    const method = token.methods["transferAndCall(address,uint256,bytes)"];
    const used = await this.gas("consumer", method(trade.address, PAYMENT, data));
    this.trades++;
    return used;
  };

  private async signed(deliveredMilliWh: bigint, isFinal: boolean, n = this.trades) {
    const { trade } = this.lab;
    this.register += ORDER_MILLI_WH;
    const reading = {
      tradeId: 1_000_000n + n,
      deliveredMilliWh,
      registerMilliWh: this.register,
      isFinal,
    };
    const { buyer, orderedMilliWh, deadline } = await trade.methods.tradeOf(reading.tradeId).call();
    const { chainId } = this.lab;
    const signer = this.key.signerFor({ chainId, trade: trade.address });
    const statement = { ...reading, buyer, orderedMilliWh, deadlineAtMs: Number(deadline) * 1000 };
    return { reading, signature: halvesOf(signer.sign(statement)) };
  }

  private async settle(deliveredMilliWh: bigint, isFinal = false): Promise<number> {
    const { reading, signature } = await this.signed(deliveredMilliWh, isFinal);
    return this.gas("settler", this.lab.trade.methods.settle(reading, signature));
  }

  async run(): Promise<GasReport> {
    const { token, trade } = this.lab;
    const [consumer2, tradeAddress] = [LAB_ACCOUNTS.consumer2.address, trade.address];
    const opened = async (call: () => Promise<number>) => {
      await this.purchase();
      return call();
    };

    await this.row("EnergyToken: buy with ether", () => this.buyTokens("consumer"));
    await this.row("EnergyToken: transfer", () =>
      this.gas("consumer", token.methods.transfer(consumer2, 10n ** 18n)),
    );
    await this.row("EnergyToken: redeem", () => this.gas("consumer", token.methods.redeem(10n ** 18n)));
    const prosumer = LAB_ACCOUNTS.prosumer.address;
    const domain = { chainId: this.lab.chainId, trade: tradeAddress };
    const consent = this.key.consent(domain, { prosumer, baselineMilliWh: 0n, nonce: 0n });
    const commission = () => trade.methods.commission(this.meter, prosumer, 0n, halvesOf(consent));
    await this.row("commission", () => this.gas("operator", commission()), false);
    await this.row("listOffer", this.list);
    await this.row("withdrawOffer", () => this.gas("prosumer", trade.methods.withdrawOffer(2n)), false);
    await this.row("purchase by transferAndCall", this.purchase);
    await this.row("EnergyToken: approve", () =>
      this.gas("consumer", token.methods.approve(tradeAddress, 10n ** 30n)),
    );
    await this.row("purchase by allowance", () => {
      this.trades++;
      return this.gas("consumer", trade.methods.purchase(1n, ORDER_MILLI_WH, PAYMENT));
    });
    await this.row("settle in full", () => opened(() => this.settle(ORDER_MILLI_WH)));
    await this.row("settle a part", () => opened(() => this.settle(ORDER_MILLI_WH / 2n)));
    await this.row("settle finally, with a refund", () =>
      opened(() => this.settle(ORDER_MILLI_WH / 2n, true)),
    );
    await this.row("refund by the seller", () =>
      opened(() => this.gas("prosumer", trade.methods.refund(1_000_000n + this.trades))),
    );

    // Escrow of other trades is there, seller and buyer have tokens: a trade among many.
    const purchase = await this.purchase();
    const settlement = await this.settle(ORDER_MILLI_WH);
    const batch = await this.batch();
    const transfers = [
      await this.gas("consumer", token.methods.transfer(consumer2, PAYMENT)),
      await this.gas("consumer", token.methods.transfer(consumer2, PAYMENT)),
    ];
    await this.row("decommission", () => this.gas("operator", trade.methods.decommission(this.meter)), false);
    return {
      calls: this.calls,
      trade: { purchase, settlement, whole: purchase + settlement, aim: AIMS.trade },
      batch,
      twoTransfers: transfers[0]! + transfers[1]!,
    };
  }

  private async batch(): Promise<GasReport["batch"]> {
    let purchases = 0;
    const signed: Awaited<ReturnType<Bench["signed"]>>[] = [];
    for (let n = 0; n < BATCH; n++) {
      purchases += await this.purchase();
      signed.push(await this.signed(ORDER_MILLI_WH, false));
    }
    const call = this.lab.trade.methods.settleMany(
      signed.map(({ reading }) => reading),
      signed.map(({ signature }) => signature),
    );
    const settlements = await this.gas("settler", call);
    return {
      size: BATCH,
      settlementEach: Math.round(settlements / BATCH),
      wholeEach: Math.round((purchases + settlements) / BATCH),
      aim: AIMS.batched,
    };
  }
}

/** Measures on a chain of its own. */
async function measureGas(): Promise<GasReport> {
  await compile();
  const chain = await startEmbeddedChain({ sealing: "instant" });
  const artifactsDir = mkdtempSync(join(tmpdir(), "neighborwatt-gas-"));
  endsWithUs("folder of the benchmark", () => rmSync(artifactsDir, { recursive: true, force: true }));
  try {
    await migrate("embedded", { ARTIFACTS_DIR: artifactsDir, EMBEDDED_PORT: String(chain.port) });
    const deployment = readContracts(artifactsDir, EMBEDDED_CHAIN_ID);
    if (!deployment) throw new Error("the migrations left no addresses");
    return await new Bench(await labChain(chain.rpcUrl, deployment)).run();
  } finally {
    await chain.kill();
    rmSync(artifactsDir, { recursive: true });
  }
}

function printTable({ calls, trade, batch, twoTransfers }: GasReport): void {
  const line = (label: string, ...figures: (number | string)[]) =>
    console.log(
      label.padEnd(44) + figures.map((figure) => figure.toLocaleString("en").padStart(10)).join(""),
    );
  line("gas", "first", "repeated");
  for (const { call, first, repeated } of calls) line(call, first, repeated ?? "");
  console.log();
  line(`a whole trade (aim: at most ${trade.aim.toLocaleString("en")})`, trade.whole);
  line("  purchase by transferAndCall", trade.purchase);
  line("  settle in full", trade.settlement);
  line(`a trade of ${batch.size} settled together (aim: ${batch.aim.toLocaleString("en")})`, batch.wholeEach);
  line("  its part of settleMany", batch.settlementEach);
  line("two bare ERC-20 transfers", twoTransfers);
}

async function main(): Promise<void> {
  const report = await measureGas();
  if (process.argv.includes("--json")) console.log(JSON.stringify(report));
  else printTable(report);
}

runProgram(main);
