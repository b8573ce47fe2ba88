import { CALIBRATION_DEFAULTS, type Calibration } from "../common/calibration";
import type {
  Meter,
  MeterFirmware,
  Metering,
  MeterState,
  MeterStatus,
  ReceivedSample,
  RegisterStart,
  RelayPosition,
  Switching,
} from "../common/meter";
import type { BoardSource } from "./board";
import { type MeterClock, systemClock } from "./clock";
import { EnergyRegister } from "./energy";
import type { Transport } from "./line";
import { type Ending, Session, type SessionOptions } from "./session";
import type { SimulationOptions } from "./sim/desk";
import { sourceOf } from "./transport";

export interface MeterOptions {
  /** `serial:/dev/ttyACM0`, `simulated`, `modelled`, a transport of one's own, or what is no Arduino at all. */
  transport: string | Transport | BoardSource;
  /** What the journal holds; a new meter starts at 0. */
  register?: RegisterStart;
  /** Differences from `CALIBRATION_DEFAULTS`. */
  calibration?: Partial<Calibration>;
  /** False where no second current sensor is fitted. */
  hasPanelSensor?: boolean;
  /** How often the firmware looks at its pins, ms: at least 10, and no multiple of 10 (see below). */
  scanIntervalMs?: number;
  /** How often a sample is given out, ms; rounded to whole scans. */
  sampleIntervalMs?: number;
  clock?: MeterClock;
  /** For `simulated` alone. */
  simulation?: SimulationOptions;
}

/** 19 ms walks through every phase of a 50 Hz or 60 Hz ripple; 20 ms sees the same phase for ever, and errs by 24 %. */
const SCAN_INTERVAL_MS = 19;
const SAMPLE_INTERVAL_MS = 114;
/** Between two attempts to connect, ms: doubled each time. */
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30_000;
/** The same where the wiring is at fault: half a second of current for each attempt, twelve times an hour. */
const LAST_FAULT_RETRY_MS = 300_000;
/** A session that lasted this long begins the pauses anew. */
const SOUND_AFTER_MS = 60_000;
/** How long the last pause was, 0 before the first; that after a wiring fault outlives a session that went online. */
const NO_RETRY = { waitMs: 0, faultWaitMs: 0 };

/**
 * A meter with a relay.
 * @throws Error on an unknown transport, an impossible register or a scan interval that cannot measure a ripple.
 */
export function createMeter(options: MeterOptions): Meter {
  return new BoardMeter(options, false, (sample, relay) => ({ ...sample, relay }));
}

/**
 * A meter at the end of a neighbour's wire. Its relay pin is not used; a current may flow while the wire has voltage.
 * @throws Error as `createMeter` does
 */
export function createReceivingMeter(options: Omit<MeterOptions, "hasPanelSensor">): Metering {
  return new BoardMeter({ ...options, hasPanelSensor: false }, true, (sample) => sample);
}

class BoardMeter<Sample extends ReceivedSample> implements Metering<Sample>, Switching {
  readonly #clock: MeterClock;
  readonly #options: SessionOptions;
  readonly #sampleListeners = new Set<(sample: Sample) => void>();
  readonly #toSample: (sample: ReceivedSample, relay: RelayPosition) => Sample;
  readonly #statusListeners = new Set<(status: MeterStatus) => void>();
  #status: MeterStatus;
  #wanted: RelayPosition = "open";
  #current: Session | null = null;
  #life: { stop: AbortController; over: Promise<void>; firstSample: Promise<void> } | null = null;
  #retry = NO_RETRY;
  /** Why the last attempt ended; null once online. */
  #lastFailure: Ending | null = null;
  #online = "";
  #firmware: MeterFirmware | null = null;
  #trips = 0;

  constructor(
    options: MeterOptions,
    isReceiving: boolean,
    toSample: (sample: ReceivedSample, relay: RelayPosition) => Sample,
  ) {
    this.#toSample = toSample;
    const scanIntervalMs = options.scanIntervalMs ?? SCAN_INTERVAL_MS;
    if (!Number.isInteger(scanIntervalMs) || scanIntervalMs < 10 || scanIntervalMs % 10 === 0)
      throw new RangeError(
        `a scan interval of ${scanIntervalMs} ms cannot be used: whole milliseconds, more than 10 and no multiple of 10, or a 50 Hz ripple is metered wrong (usual: ${SCAN_INTERVAL_MS})`,
      );
    const given = options.clock ?? systemClock;
    const source = sourceOf(options.transport, { ...options, clock: given, scanIntervalMs });
    this.#clock = source.clock ?? given;
    this.#options = {
      source,
      clock: this.#clock,
      scanIntervalMs,
      scansPerSample: Math.max(
        1,
        Math.round((options.sampleIntervalMs ?? SAMPLE_INTERVAL_MS) / scanIntervalMs),
      ),
      isReceiving,
      calibration: { ...CALIBRATION_DEFAULTS, ...options.calibration },
      register: new EnergyRegister(options.register ?? { registerMilliWh: 0n, registerRestMicroJoule: 0n }),
    };
    this.#status = { state: "stopped", detail: "not connected yet", atMs: this.#clock.nowMs() };
  }

  get status(): MeterStatus {
    return this.#status;
  }

  get firmware(): MeterFirmware | null {
    return this.#firmware;
  }

  get trips(): number {
    return this.#trips;
  }

  onSample(listener: (sample: Sample) => void): () => void {
    this.#sampleListeners.add(listener);
    return () => this.#sampleListeners.delete(listener);
  }

  onStatus(listener: (status: MeterStatus) => void): () => void {
    this.#statusListeners.add(listener);
    return () => this.#statusListeners.delete(listener);
  }

  setRelay(position: RelayPosition): void {
    this.#wanted = position;
    this.#current?.setRelay(position);
  }

  affirm(): void {
    this.#current?.affirm();
  }

  raiseRegister(toMilliWh: bigint): void {
    this.#options.register.raise(toMilliWh);
  }

  /** Rejects only when `disconnect` comes before the first sample. */
  connect(): Promise<void> {
    if (this.#life !== null) return this.#life.firstSample;
    const stop = new AbortController();
    const firstSample = new Promise<void>((resolve, reject) => {
      const forget = this.onSample(() => {
        forget();
        resolve();
      });
      stop.signal.addEventListener("abort", () => {
        forget();
        reject(new Error("the meter was disconnected before its first sample"));
      });
    });
    // Who does not wait for the first sample must not be ended by an unhandled rejection when disconnecting.
    firstSample.catch(() => {});
    this.#life = { stop, over: this.#live(stop.signal), firstSample };
    return firstSample;
  }

  async disconnect(): Promise<void> {
    this.#wanted = "open";
    const life = this.#life;
    if (life === null) return;
    life.stop.abort();
    await life.over;
  }

  /** Connects, meters, loses, and connects again, until told to stop. */
  async #live(stop: AbortSignal): Promise<void> {
    const { source } = this.#options;
    this.#retry = NO_RETRY;
    this.#lastFailure = null;
    while (!stop.aborted) {
      this.#sayOpening();
      try {
        await this.#meterUntilLost(stop);
      } catch (error) {
        if (!stop.aborted) this.#sayRetry("connecting", { reason: (error as Error).message, fault: null });
      }
      await this.#pause(this.#retry.waitMs, stop);
    }
    await source.end();
    this.#life = null;
    this.#say("stopped", "disconnected");
  }

  #sayOpening(): void {
    const failure = this.#lastFailure;
    const again = failure === null ? "" : ` again: ${failure.reason}`;
    this.#say("connecting", `opening ${this.#options.source.name}${again}`, failure);
  }

  /** One session. @throws Error when it cannot be opened. */
  async #meterUntilLost(stop: AbortSignal): Promise<void> {
    let onlineAtMs = Number.NaN;
    const session = await Session.open(
      this.#options,
      {
        online: (firmware) => {
          onlineAtMs = this.#clock.steadyMs();
          this.#lastFailure = null;
          this.#retry = { ...this.#retry, waitMs: 0 };
          this.#firmware = firmware;
          session.setRelay(this.#wanted);
          const silence = this.#options.isReceiving
            ? "it measures what arrives"
            : firmware.opensByItself
              ? "it opens the relay by itself when it gets no heartbeat for a second"
              : "it leaves the relay as it is when this program dies";
          this.#online = `${firmware.name} on ${this.#options.source.name}; ${silence}`;
          this.#say("online", this.#online);
        },
        panel: (fault) => {
          const failure = fault && { reason: `${this.#online}; ${fault.words}`, fault: fault.name };
          this.#say("online", failure?.reason ?? this.#online, failure);
        },
        tripped: () => {
          this.#trips++;
          this.#wanted = "open";
        },
        sample: (measured, relay) => {
          const sample = this.#toSample(measured, relay);
          for (const listener of this.#sampleListeners) listener(sample);
        },
        waiting: (words) => this.#say("connecting", `${this.#options.source.name}: ${words}`),
      },
      stop,
    );
    this.#current = session;
    const close = () => void session.close();
    if (stop.aborted) close();
    else stop.addEventListener("abort", close);
    const ending = await session.ended;
    stop.removeEventListener("abort", close);
    this.#current = null;
    if (this.#clock.steadyMs() - onlineAtMs >= SOUND_AFTER_MS) this.#retry = NO_RETRY;
    if (!stop.aborted) this.#sayRetry("lost", ending);
    await session.close();
  }

  /** A lost line may be back at once. A wiring fault is not, and each attempt lets current flow unmetered. */
  #sayRetry(state: MeterState, failure: Ending): void {
    const { waitMs, faultWaitMs } = this.#retry;
    const longer = (ms: number, most: number) => Math.min(ms === 0 ? FIRST_RETRY_MS : ms * 2, most);
    this.#retry =
      failure.fault === null
        ? { waitMs: longer(waitMs, LAST_RETRY_MS), faultWaitMs }
        : {
            waitMs: longer(faultWaitMs, LAST_FAULT_RETRY_MS),
            faultWaitMs: longer(faultWaitMs, LAST_FAULT_RETRY_MS),
          };
    this.#lastFailure = failure;
    this.#say(state, `${failure.reason}; next attempt in ${this.#retry.waitMs / 1000} s`, failure);
  }

  #say(state: MeterState, detail: string, failure: Ending | null = null): void {
    const { reason = detail, fault = null } = failure ?? {};
    this.#status = { state, detail, reason, fault, atMs: this.#clock.nowMs() };
    for (const listener of this.#statusListeners) listener(this.#status);
  }

  #pause(ms: number, stop: AbortSignal): Promise<void> {
    if (stop.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        cancel();
        stop.removeEventListener("abort", done);
        resolve();
      };
      const cancel = this.#clock.after(ms, done);
      stop.addEventListener("abort", done);
    });
  }
}
