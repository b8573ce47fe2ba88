/** Readings a meter has signed, offered as the store offers them: newest per trade, until confirmed or refused. */
import type { SettlementSource, SignedReading } from "../../chain/readings";
import type { TestChain } from "../support/chain";
import type { RecordingSink } from "./recording-sink";

export class ReadingSource implements SettlementSource {
  refused: { reading: SignedReading; reason: string }[] = [];
  private readonly signed: SignedReading[] = [];
  private register = 0n;

  constructor(
    private readonly chain: TestChain,
    private readonly sink: RecordingSink,
  ) {}

  /** Signs that `deliveredMilliWh` have been delivered for the trade; the register moves on by what is new. */
  sign(
    tradeId: bigint,
    deliveredMilliWh: bigint,
    isFinal = false,
    change: Partial<SignedReading> = {},
  ): SignedReading {
    const { meterKey } = this.chain;
    const before = this.signed.filter((one) => one.tradeId === tradeId).at(-1)?.deliveredMilliWh ?? 0n;
    this.register += deliveredMilliWh - before;
    const reading = { tradeId, deliveredMilliWh, registerMilliWh: this.register, isFinal, ...change };
    const signature = this.chain.signReading(reading);
    const signed = { meter: meterKey.meter, signature, signedAtMs: 0, ...reading };
    this.signed.push(signed);
    return signed;
  }

  pendingReadings(): SignedReading[] {
    const newest = new Map(this.signed.map((reading) => [reading.tradeId, reading]));
    return [...newest.values()].filter((reading) => !this.isSettled(reading) && !this.isRefused(reading));
  }

  settlementRefused(reading: SignedReading, reason: string): void {
    this.refused.push({ reading, reason });
  }

  private isRefused = (reading: SignedReading) => this.refused.some((one) => one.reading === reading);

  private isSettled = ({ tradeId, deliveredMilliWh, isFinal }: SignedReading) =>
    this.sink.events.some(
      (event) =>
        (event.name === "TradeRefunded" && event.tradeId === tradeId) ||
        (event.name === "TradeSettled" &&
          event.tradeId === tradeId &&
          (event.isClosed || (!isFinal && event.deliveredMilliWh >= deliveredMilliWh))),
    );
}
