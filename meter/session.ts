import type { Calibration } from "../common/calibration";
import type { MeterFault, MeterFirmware, ReceivedSample, RelayPosition } from "../common/meter";
import type { Board, BoardSource, RawScan } from "./board";
import { amperesFromCounts, CurrentZero, NOMINAL_ZERO_COUNTS, voltsFromCounts } from "./calibration";
import type { MeterClock } from "./clock";
import { type EnergyRegister, ScanBlock } from "./energy";
import { type Fault, LEAK_AMPERES, type Look, Plausibility } from "./plausible";
import { Relay } from "./relay";
import { Watchdog } from "./watchdog";

export interface SessionOptions {
  source: BoardSource;
  clock: MeterClock;
  scanIntervalMs: number;
  scansPerSample: number;
  calibration: Calibration;
  register: EnergyRegister;
  /** At the end of a neighbour's wire: no relay of its own, so that what tells whether a current may flow is the wire's voltage. */
  isReceiving: boolean;
}

export interface SessionEvents {
  /** The current sensor is zeroed: the relay may be used. */
  online(firmware: MeterFirmware): void;
  /** The relay opened by itself. The session ends with that; nothing may close the relay again but a new decision. */
  tripped(): void;
  sample(sample: ReceivedSample, relay: RelayPosition): void;
  /** It cannot meter yet, and why. */
  waiting(words: string): void;
  /** What the panel's sensor shows can no longer be, or can again (null). */
  panel(fault: Fault | null): void;
}

/** How a session ended. */
export interface Ending {
  /** In plain English. */
  reason: string;
  /** The wiring, not the line, ended it: connecting again will not mend that. */
  fault: MeterFault | null;
}

/** No sample for this long is a loss: five samples of the firmware, but never less than a second. */
const lossLimitMs = (scanIntervalMs: number) => Math.max(5 * scanIntervalMs, 1_000);
/**
 * Scans farther apart than this, ms, have nothing integrated between them: in a standstill of half a second or more the
 * firmware may have opened the relay by itself.
 */
const MAX_GAP_MS = 500;
/** Firmware of our own opens the relay when it has heard nothing for this long, ms. */
const TRIPS_AFTER_MS = 1_000;
/** A wire with less than this at its end has no current: its neighbour's relay is open. */
const LIVE_VOLTS = 0.5;
/** How long a leaving session waits for the firmware to confirm that the relay is open, ms. */
const FAREWELL_MS = 300;

/**
 * One connection to an Arduino, from its banner to its loss: zeroes the current sensor with the relay open, then
 * meters. What flows is integrated from the moment the relay is told to close until the firmware has confirmed that it
 * is open; with the relay open nothing is integrated, whatever the sensor shows.
 */
export class Session {
  /** Settles when the session is over. */
  readonly ended: Promise<Ending>;
  readonly #options: SessionOptions;
  readonly #events: SessionEvents;
  readonly #clock: MeterClock;
  readonly #zero = new CurrentZero();
  readonly #plausibility: Plausibility;
  #panelFault: Fault | null = null;
  readonly #block: ScanBlock;
  readonly #watchdog: Watchdog;
  #board!: Board;
  #relay!: Relay;
  #isOnline = false;
  #isOver = false;
  #isWaiting = false;
  #isMoved = false;
  #versionAnswered = false;
  #garbled = 0;
  #lastWords = "";
  #lastScanAtMs = 0;
  #resolveEnded!: (ending: Ending) => void;
  #relayConfirmed: () => void = () => {};
  #closing: Promise<void> | null = null;

  private constructor(options: SessionOptions, events: SessionEvents) {
    this.#options = options;
    this.#events = events;
    this.#clock = options.clock;
    this.#plausibility = new Plausibility(options.isReceiving);
    const limitMs = lossLimitMs(options.scanIntervalMs);
    this.#block = new ScanBlock({
      startingAmperes: options.calibration.startingAmperes,
      maxGapMs: Math.min(limitMs, Math.max(MAX_GAP_MS, 2 * options.scanIntervalMs)),
    });
    this.#watchdog = new Watchdog(options.clock, limitMs, {
      quiet: () => {
        this.#versionAnswered = false;
        this.#board.askVersion();
      },
      lost: () => this.#end(`no sample for ${(limitMs / 1000).toFixed(1)} s: ${this.#silence()}`),
    });
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
  }

  /** @throws Error of the transport or the firmware, in plain English. */
  static async open(options: SessionOptions, events: SessionEvents, stop: AbortSignal): Promise<Session> {
    const session = new Session(options, events);
    const board = await options.source.connect(
      {
        scan: (scan) => session.#scan(scan),
        relay: (position) => session.#confirmRelay(position),
        version: () => {
          session.#versionAnswered = true;
        },
        said: (words) => {
          session.#lastWords = words;
        },
        closed: (reason) => session.#end(reason),
        garbage: () => {
          session.#garbled++;
        },
      },
      stop,
    );
    session.#board = board;
    session.#relay = new Relay(board, () => options.clock.steadyMs());
    session.#relay.command("open");
    session.#watchdog.start();
    return session;
  }

  /** Applied at once when online; before that, and after the end, the relay stays open. */
  setRelay(position: RelayPosition): void {
    if (!this.#isOnline || this.#isOver || this.#closing !== null || this.#hasStoodStill()) return;
    this.#relay.command(position);
  }

  /** A turn of whoever decides about the relay: the heartbeat. Nothing in here sends one on its own. */
  affirm(): void {
    if (this.#isOver || this.#closing !== null || this.#hasStoodStill()) return;
    this.#relay.affirm();
    if (this.#relay.isMute) this.#end("the Arduino does not say any more where its relay stands");
  }

  /** Opens the relay, waits for the firmware to say so, and lets go of the line. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (!this.#isOver && this.#relay.mayConduct) {
      const confirmed = new Promise<void>((resolve) => {
        this.#relayConfirmed = resolve;
      });
      this.#relay.command("open");
      const cancel = this.#clock.after(FAREWELL_MS, () => this.#relayConfirmed());
      await confirmed;
      cancel();
    }
    this.#end("disconnected");
    await this.#board.release();
  }

  #end(reason: string, fault: MeterFault | null = null): void {
    if (this.#isOver) return;
    this.#watchdog.stop();
    this.#board.writeRelay("open");
    this.#isOver = true;
    this.#finishBlock();
    this.#resolveEnded({ reason, fault });
  }

  #silence(): string {
    if (this.#garbled > 0) return `the line is noisy (${this.#garbled} unreadable messages)`;
    return this.#versionAnswered ? "the firmware answers but does not sample" : "the Arduino does not answer";
  }

  #confirmRelay(position: RelayPosition): void {
    if (this.#isOver) return;
    const news = this.#relay.confirm(position);
    if (!this.#relay.mayConduct) this.#relayConfirmed();
    if (news === "moved") this.#isMoved = true;
    if (news === "tripped" && this.#closing === null) this.#trip(this.#lastWords || "the Arduino was reset");
  }

  /**
   * After so long a standstill the relay has opened; and what waits in the line is from before it, so that neither a
   * sample from there nor a command may close the relay before the firmware has told of the trip.
   */
  #hasStoodStill(): boolean {
    const { idleMs, mayConduct } = this.#relay;
    if (!mayConduct || idleMs < TRIPS_AFTER_MS || !this.#board.firmware.opensByItself) return false;
    this.#trip(`no heartbeat for ${(idleMs / 1000).toFixed(1)} s`);
    return true;
  }

  /** When it opened is not known, so what the block under way has gathered is not counted. */
  #trip(why: string): void {
    if (this.#block.scans > 0) this.#block.finish();
    this.#events.tripped();
    this.#end(`the relay opened by itself: ${why}`);
  }

  #scan(raw: RawScan): void {
    if (this.#isOver) return;
    this.#watchdog.feed();
    if (!this.#isOnline) this.#zeroSensor(raw);
    else this.#meter(raw);
  }

  #zeroSensor(raw: RawScan): void {
    const fault = this.#plausibility.look({ ...this.#lookAt(raw, NOMINAL_ZERO_COUNTS), amperes: 0 });
    this.#endAt(fault);
    if (this.#isOver) return;
    if (this.#mayConduct(raw)) {
      this.#waitForZero();
      return;
    }
    this.#zero.add(raw.neighborCurrent);
    if (!this.#zero.isReady) return;
    if (!this.#zero.isPlausible) {
      const amperes = amperesFromCounts(this.#zero.counts, NOMINAL_ZERO_COUNTS, this.#options.calibration);
      this.#end(
        `the current sensor shows ${amperes.toFixed(2)} A with the relay open: check the wire to A0, or the relay's contact is welded`,
        "currentThroughOpenRelay",
      );
      return;
    }
    this.#isOnline = true;
    this.#events.online(this.#board.firmware);
  }

  /** A relay opens within milliseconds; a neighbour's wire has current for as long as a delivery lasts. */
  #waitForZero(): void {
    if (!this.#options.isReceiving || this.#isWaiting) return;
    this.#isWaiting = true;
    this.#events.waiting(
      "the wire is live: the current sensor's zero is found when nothing arrives any more",
    );
  }

  #mayConduct(raw: RawScan): boolean {
    const { isReceiving, calibration } = this.#options;
    return isReceiving
      ? voltsFromCounts(raw.batteryVolts, calibration) >= LIVE_VOLTS
      : this.#relay.mayConduct;
  }

  #meter(raw: RawScan): void {
    const { scansPerSample } = this.#options;
    const look = this.#lookAt(raw, this.#zero.counts);
    const isLeaking = !look.mayConduct && Math.abs(look.amperes) >= LEAK_AMPERES;
    if (!look.mayConduct && !isLeaking) this.#zero.add(raw.neighborCurrent);
    const isMetered = look.mayConduct && this.#plausibility.isMeasurable(look);
    const panelFault = this.#plausibility.lookAtPanel(look);
    this.#lastScanAtMs = this.#clock.nowMs();
    this.#block.add({
      atMs: this.#clock.steadyMs(),
      volts: look.volts,
      amperes: isMetered ? look.amperes : null,
      panelAmperes: panelFault === null ? look.panelAmperes : null,
    });
    if (panelFault?.name !== this.#panelFault?.name) {
      this.#panelFault = panelFault;
      this.#events.panel(panelFault);
    }
    // A sample ends with the first scan after the relay has moved: whoever waits for the last of a delivery's energy
    // has it within a scan. The next one is due when it would have been, but for one of a few scans, which would be all
    // noise: those are left to the one after.
    const isDue = raw.number % scansPerSample === 0 && this.#block.scans * 2 >= scansPerSample;
    if (this.#isMoved || isDue) this.#finishBlock();
    this.#endAt(this.#plausibility.look(look));
  }

  #endAt(fault: Fault | null): void {
    if (fault !== null) this.#end(fault.words, fault.name);
  }

  #lookAt(raw: RawScan, zeroCounts: number): Look {
    const { calibration } = this.#options;
    return {
      amperes: amperesFromCounts(raw.neighborCurrent, zeroCounts, calibration),
      volts: voltsFromCounts(raw.batteryVolts, calibration),
      voltsCounts: raw.batteryVolts,
      panelAmperes:
        raw.panelCurrent === null
          ? null
          : amperesFromCounts(raw.panelCurrent, NOMINAL_ZERO_COUNTS, calibration),
      mayConduct: this.#mayConduct(raw),
    };
  }

  #finishBlock(): void {
    this.#isMoved = false;
    if (this.#block.scans === 0) return;
    const { register } = this.#options;
    const { microJoule, ...mean } = this.#block.finish();
    register.add(microJoule);
    this.#events.sample(
      {
        atMs: this.#lastScanAtMs,
        ...mean,
        registerMilliWh: register.registerMilliWh,
        registerRestMicroJoule: register.registerRestMicroJoule,
      },
      this.#isOver ? "open" : this.#relay.position,
    );
  }
}
