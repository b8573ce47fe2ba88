/** A home and what stands in it: its meters are heard, and what a log should say of them is said. */
import type { ReadingSigner } from "../chain/readings";
import type { ReceivingView } from "../common/events";
import type { HomeSettings } from "../common/home";
import type { HouseFigures } from "../common/house";
import { type Log, messageOf } from "../common/log";
import type { Meter, Metering, MeterSample, MeterStatus, ReceivedSample } from "../common/meter";
import type { Home } from "./home";
import type { HomeNews } from "./news";

/** What stands in one home. */
export interface HomeParts {
  settings: HomeSettings;
  /** Its register must start where the journal says. */
  meter: Meter;
  receiving: Metering | null;
  house: { figures(): HouseFigures } | null;
  signer: ReadingSigner;
}

export class Running {
  /** A part of it failed: it gets no heartbeat any more. */
  isFaulty = false;
  /** A sample has come since its last turn. */
  isSampled = false;
  /** What was last said of it in the log; null before anything was. */
  private toldCommissioned: boolean | null = null;
  private readonly forget: (() => void)[] = [];

  constructor(
    readonly home: Home,
    readonly parts: Omit<HomeParts, "settings">,
    readonly log: Log,
  ) {}

  /** Opens the relay and hears the meters. */
  listen(heard: {
    sample(sample: MeterSample): void;
    status(status: MeterStatus): void;
    receiving(news: HomeNews): void;
  }): void {
    const { meter, receiving } = this.parts;
    meter.setRelay("open");
    this.forget.push(meter.onSample(heard.sample), meter.onStatus(heard.status));
    heard.status(meter.status);
    if (receiving) this.watch(receiving, heard.receiving);
  }

  /** A receiving meter is for looking at: nothing is decided by it. */
  private watch(receiving: Metering, heard: (news: HomeNews) => void): void {
    const { kind } = this.home.settings.receivingMeter ?? this.home.settings.meter;
    let lastSample: ReceivingView["lastSample"] = null;
    const show = (): void => {
      const { state, detail, fault = null } = receiving.status;
      heard({ about: "receiving", view: { kind, state, detail, fault, lastSample } });
    };
    this.forget.push(
      receiving.onSample(({ registerRestMicroJoule: _, ...sample }: ReceivedSample) => {
        lastSample = sample;
        show();
      }),
      receiving.onStatus(show),
    );
    show();
  }

  /** Hears nothing any more. */
  leave(): void {
    for (const forget of this.forget.splice(0)) forget();
  }

  /** What opening a relay complains of is not why it is opened. */
  openQuietly(): void {
    this.home.wanted = "open";
    try {
      this.parts.meter.setRelay("open");
    } catch (error) {
      this.log.error(`the relay cannot be told to open: ${messageOf(error)}`);
    }
  }

  /** Once per change: an attempt like the one before, a second later, is none. */
  reportStatus({ state, detail, reason = detail, fault = null }: MeterStatus): void {
    const before = this.home.status;
    if (state === before.state && reason === (before.reason ?? before.detail)) return;
    const isWell = fault === null && (state === "online" || state === "stopped" || reason === detail);
    this.log[isWell ? "info" : "warn"](`meter ${state}: ${detail}`);
  }

  reportCommission(): void {
    const { isCommissioned, meter } = this.home;
    if (this.toldCommissioned === isCommissioned) return;
    this.toldCommissioned = isCommissioned;
    if (isCommissioned) this.log.info(`meter ${meter} is commissioned`);
    else
      this.log.warn(
        `meter ${meter} is not commissioned: nobody can buy from it until the operator has done so (geth/README.md)`,
      );
  }
}
