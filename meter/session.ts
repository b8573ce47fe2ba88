import type { MeterFirmware, MeterSample, RelayPosition } from "../common/meter";
import { ArduinoBoard, type BoardOptions, type RawScan } from "./board";
import {
  amperesFromCounts,
  type Calibration,
  CurrentZero,
  NOMINAL_ZERO_COUNTS,
  voltsFromCounts,
} from "./calibration";
import type { MeterClock } from "./clock";
import { type EnergyRegister, ScanBlock } from "./energy";
import { Relay } from "./relay";
import { Watchdog } from "./watchdog";

export interface SessionOptions extends BoardOptions {
  calibration: Calibration;
  register: EnergyRegister;
  scansPerSample: number;
}

export interface SessionEvents {
  /** The current sensor is zeroed: the relay may be used. */
  online(firmware: MeterFirmware): void;
  /** The relay opened by itself. The session ends with that; nothing may close the relay again but a new decision. */
  tripped(): void;
  sample(sample: MeterSample): void;
}

/** No sample for this long is a loss: five samples of the firmware, but never less than a second. */
const lossLimitMs = (scanIntervalMs: number) => Math.max(5 * scanIntervalMs, 1_000);
/** A current through an open relay: far above noise and drift (5.7 counts), and for this many scans. */
const LEAK_AMPERES = 0.15;
const LEAK_SCANS = 25;
/**
 * Scans farther apart than this, ms, have nothing integrated between them: in a standstill of half a second or more the
 * firmware may have opened the relay by itself.
 */
const MAX_GAP_MS = 500;
/** How long a leaving session waits for the firmware to confirm that the relay is open, ms. */
const FAREWELL_MS = 300;

/**
 * One connection to an Arduino, from its banner to its loss: zeroes the current sensor with the relay open, then
 * meters. What flows is integrated from the moment the relay is told to close until the firmware has confirmed that it
 * is open; with the relay open nothing is integrated, whatever the sensor shows.
 */
export class Session {
  /** Settles when the session is over, with the reason in plain English. */
  readonly ended: Promise<string>;
  readonly #options: SessionOptions;
  readonly #events: SessionEvents;
  readonly #clock: MeterClock;
  readonly #zero = new CurrentZero();
  readonly #block: ScanBlock;
  readonly #watchdog: Watchdog;
  #board!: ArduinoBoard;
  #relay!: Relay;
  #isOnline = false;
  #isOver = false;
  #isMoved = false;
  #versionAnswered = false;
  #garbled = 0;
  #lastWords = "";
  #leakScans = 0;
  #lastScanAtMs = 0;
  #resolveEnded!: (reason: string) => void;
  #relayConfirmed: () => void = () => {};
  #closing: Promise<void> | null = null;

  private constructor(options: SessionOptions, events: SessionEvents) {
    this.#options = options;
    this.#events = events;
    this.#clock = options.clock;
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
    const board = await ArduinoBoard.connect(
      options,
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
    if (this.#isOnline && !this.#isOver && this.#closing === null) this.#relay.command(position);
  }

  /** A turn of whoever decides about the relay: the heartbeat. Nothing in here sends one on its own. */
  affirm(): void {
    if (this.#isOver || this.#closing !== null) return;
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

  #end(reason: string): void {
    if (this.#isOver) return;
    this.#watchdog.stop();
    this.#board.writeRelay("open");
    this.#isOver = true;
    this.#finishBlock();
    this.#resolveEnded(reason);
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
    if (news === "tripped" && this.#closing === null) this.#trip();
  }

  /** When it opened is not known, so what the block under way has gathered is not counted. */
  #trip(): void {
    if (this.#block.scans > 0) this.#block.finish();
    this.#events.tripped();
    this.#end(`the relay opened by itself: ${this.#lastWords || "the Arduino was reset"}`);
  }

  #scan(raw: RawScan): void {
    if (this.#isOver) return;
    this.#watchdog.feed();
    if (!this.#isOnline) this.#zeroSensor(raw);
    else this.#meter(raw);
  }

  #zeroSensor(raw: RawScan): void {
    if (this.#relay.mayConduct) return;
    this.#zero.add(raw.neighborCurrent);
    if (!this.#zero.isReady) return;
    if (!this.#zero.isPlausible) {
      const amperes = amperesFromCounts(this.#zero.counts, NOMINAL_ZERO_COUNTS, this.#options.calibration);
      this.#end(
        `the current sensor shows ${amperes.toFixed(2)} A with the relay open: check the wire to A0, or the relay's contact is welded`,
      );
      return;
    }
    this.#isOnline = true;
    this.#events.online(this.#board.firmware);
  }

  #meter(raw: RawScan): void {
    const { calibration, scansPerSample } = this.#options;
    const amperes = amperesFromCounts(raw.neighborCurrent, this.#zero.counts, calibration);
    const isOpen = !this.#relay.mayConduct;
    if (isOpen && !this.#isLeaking(amperes)) this.#zero.add(raw.neighborCurrent);
    this.#lastScanAtMs = this.#clock.nowMs();
    this.#block.add({
      atMs: this.#clock.steadyMs(),
      volts: voltsFromCounts(raw.batteryVolts, calibration),
      amperes: isOpen ? null : amperes,
      panelAmperes:
        raw.panelCurrent === null
          ? null
          : amperesFromCounts(raw.panelCurrent, NOMINAL_ZERO_COUNTS, calibration),
    });
    // A sample ends with the first scan after the relay has moved: whoever waits for the last of a delivery's energy
    // has it within a scan.
    if (this.#isMoved || this.#block.scans >= scansPerSample) this.#finishBlock();
  }

  /** Ends the session when a current goes on flowing through the open relay. */
  #isLeaking(amperes: number): boolean {
    if (Math.abs(amperes) < LEAK_AMPERES) {
      this.#leakScans = 0;
      return false;
    }
    this.#leakScans++;
    if (this.#leakScans >= LEAK_SCANS)
      this.#end(
        `${amperes.toFixed(2)} A flow although the relay is open: its contact is welded, or its wiring is wrong`,
      );
    return true;
  }

  #finishBlock(): void {
    this.#isMoved = false;
    if (this.#block.scans === 0) return;
    const { register } = this.#options;
    const { microJoule, ...mean } = this.#block.finish();
    register.add(microJoule);
    this.#events.sample({
      atMs: this.#lastScanAtMs,
      ...mean,
      registerMilliWh: register.registerMilliWh,
      registerRestMicroJoule: register.registerRestMicroJoule,
      relay: this.#isOver ? "open" : this.#relay.position,
    });
  }
}
