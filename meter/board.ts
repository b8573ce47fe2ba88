import { EventEmitter } from "node:events";
import { Firmata } from "firmata-io";
import { Board as FiveBoard, Relay } from "johnny-five";
import type { MeterFirmware, RelayPosition } from "../common/meter";
import { ADC_STEPS } from "./calibration";
import type { MeterClock } from "./clock";
import type { Line, Transport } from "./line";
import type { RelayPin } from "./relay";
import { WIRING } from "./wiring";

/** Counts of all analog pins, taken together. */
export interface RawScan {
  /** Counts the scans of its source; those of modelled meters share one count, so that their samples come together. */
  number: number;
  neighborCurrent: number;
  batteryVolts: number;
  panelCurrent: number | null;
}

export interface BoardEvents {
  scan(scan: RawScan): void;
  /** The firmware says where the relay's latch stands. */
  relay(position: RelayPosition): void;
  /** The firmware answered to `askVersion`. */
  version(): void;
  /** The firmware sent words. */
  said(words: string): void;
  /** The line ended. */
  closed(reason: string): void;
  /** Bytes that the driver choked on were thrown away. */
  garbage(detail: string): void;
}

/** One connection to a board, as a session sees it. */
export interface Board extends RelayPin {
  readonly firmware: MeterFirmware;
  /** Asks for a sign of life; the answer comes to `version`. */
  askVersion(): void;
  /** Ends the connection and lets go of everything. */
  release(): Promise<void>;
}

/** The way to a board, whatever it is: connected once a session, ended once for all. */
export interface BoardSource {
  /** As given: `serial:/dev/ttyACM0`. */
  readonly name: string;
  /** The time of its scans, where that is not the moment at which they are told. */
  readonly clock?: MeterClock;
  /** @throws Error in plain English that names the mend, or that of `stop` */
  connect(events: BoardEvents, stop: AbortSignal): Promise<Board>;
  /** Lets go of everything that keeps the process alive. A later `connect` starts anew. */
  end(): Promise<void>;
}

export interface BoardOptions {
  transport: Transport;
  clock: MeterClock;
  /** How often the firmware reports its pins, ms. */
  scanIntervalMs: number;
  hasPanelSensor: boolean;
}

/** An Uno takes up to 4 s from reset to banner; asking for it helps boards that do not reset. */
const ASK_FOR_BANNER_AFTER_MS = 4_000;
/** No banner after this: no Firmata. */
const NO_FIRMWARE_AFTER_MS = 10_000;

/** What our own firmware calls itself: it opens the relay by itself when it gets no heartbeat for a second. */
const OWN_FIRMWARE = "neighborwatt meter";
/** Firmata's question for the state of a pin. */
const PIN_STATE_QUERY = 0x6d;

/** The parts of Johnny-Five's Board that its types leave out. */
interface BoardInternals {
  timer: NodeJS.Timeout | null;
}
const boardCache = (FiveBoard as unknown as { cache: FiveBoard[] }).cache;

/** One connection to an Arduino with our own firmware or StandardFirmata. The one module that knows Johnny-Five. */
export class ArduinoBoard implements Board {
  readonly firmware: MeterFirmware;
  readonly #line: Line;
  readonly #io: Firmata;
  readonly #board: FiveBoard;
  readonly #relay: Relay;

  private constructor(line: Line, io: Firmata, board: FiveBoard, options: BoardOptions, events: BoardEvents) {
    this.#line = line;
    this.#io = io;
    this.#board = board;
    const { name = "unknown firmware", version } = io.firmware;
    this.firmware = {
      name: version === undefined ? name : `${name} ${version.major}.${version.minor}`,
      opensByItself: name === OWN_FIRMWARE,
    };
    this.#relay = new Relay({ board, pin: WIRING.relay.digital, type: "NO" });
    this.#relay.open();
    io.on(`pin-state-${WIRING.relay.digital}`, () => {
      events.relay(io.pins[WIRING.relay.digital]?.state === 1 ? "closed" : "open");
    });
    io.on("reportversion", () => events.version());
    io.on("string", (words: string) => events.said(words));
    this.#readAnalogPins(options, events);
  }

  /**
   * Opens the line and waits for the firmware.
   * @throws Error of the transport, one that tells how to flash the firmware when none answers, or that of `stop`.
   */
  static async connect(options: BoardOptions, events: BoardEvents, stop: AbortSignal): Promise<ArduinoBoard> {
    const { transport, clock } = options;
    // What firmata-io listens to: the line, with its bytes kept from doing harm.
    const port = Object.assign(new EventEmitter(), { write: (_bytes: Buffer, _written: () => void) => {} });
    let abandon = (_reason: Error) => {};
    // Set once the board is there; before that, nobody listens to scans.
    let deliver: BoardEvents | null = null;
    const scans: (() => void)[] = [];
    const line = await transport.open({
      data(bytes) {
        try {
          port.emit("data", bytes);
        } catch (error) {
          // firmata-io trusts its line: a message cut short makes it read past its end.
          io.buffer.length = 0;
          events.garbage(`unreadable bytes from ${transport.name} (${(error as Error).message})`);
        }
        // What the bytes mean is told outside of the try: a listener's mistake is not the line's.
        for (const tell of scans.splice(0)) tell();
      },
      closed(reason) {
        abandon(new Error(reason));
        deliver?.closed(reason);
      },
    });
    port.write = (bytes, written) => {
      line.write(bytes);
      written();
    };
    const io = new Firmata(port, {
      reportVersionTimeout: ASK_FOR_BANNER_AFTER_MS,
      samplingInterval: options.scanIntervalMs,
    });
    const board = new FiveBoard({ io, repl: false, debug: false, sigint: false } as ConstructorParameters<
      typeof FiveBoard
    >[0]);
    const ready = new Promise<void>((resolve, reject) => {
      abandon = reject;
      board.on("ready", resolve);
      // An `error` without a listener ends the process; these stay for as long as the objects live.
      board.on("error", (error) => reject(error));
      io.on("error", (error: Error) => reject(error));
    });
    const cancel = clock.after(NO_FIRMWARE_AFTER_MS, () =>
      abandon(
        new Error(
          `no meter's firmware answers on ${transport.name}: flash meter/firmware (docs/wiring.md says how)`,
        ),
      ),
    );
    const stopped = () => abandon(new Error("stopped"));
    stop.addEventListener("abort", stopped);
    try {
      stop.throwIfAborted();
      port.emit("open");
      await ready;
      const later: BoardEvents = {
        ...events,
        scan: (scan) => scans.push(() => events.scan(scan)),
        relay: (position) => scans.push(() => events.relay(position)),
        version: () => scans.push(() => events.version()),
        said: (words) => scans.push(() => events.said(words)),
      };
      deliver = events;
      return new ArduinoBoard(line, io, board, options, later);
    } catch (error) {
      await release(line, io, board);
      throw error;
    } finally {
      cancel();
      stop.removeEventListener("abort", stopped);
    }
  }

  writeRelay(position: RelayPosition): void {
    if (position === "closed") this.#relay.close();
    else this.#relay.open();
  }

  askRelay(): void {
    this.#io.sysexCommand([PIN_STATE_QUERY, WIRING.relay.digital]);
  }

  askVersion(): void {
    this.#io.reportVersion(() => {});
  }

  async release(): Promise<void> {
    await release(this.#line, this.#io, this.#board);
  }

  /**
   * Johnny-Five's `Sensor` would repeat its last median for ever after an unplug, so the pins are read by callback.
   * The firmware reports the pins in rising order: the last one completes a scan. A count that ten bits cannot hold,
   * or a scan with a pin missing, is noise on the line.
   */
  #readAnalogPins(options: BoardOptions, events: BoardEvents): void {
    const { neighborCurrent, batteryVolts, panelCurrent } = WIRING;
    const channels: number[] = [neighborCurrent.analog, batteryVolts.analog];
    if (options.hasPanelSensor) channels.push(panelCurrent.analog);
    const counts = new Map<number, number>();
    let number = 0;
    const last = channels.at(-1)!;
    for (const channel of channels)
      this.#io.analogRead(channel, (value) => {
        if (value < ADC_STEPS) counts.set(channel, value);
        if (channel !== last) return;
        if (channels.every((each) => counts.has(each)))
          events.scan({
            number: ++number,
            neighborCurrent: counts.get(neighborCurrent.analog)!,
            batteryVolts: counts.get(batteryVolts.analog)!,
            panelCurrent: counts.get(panelCurrent.analog) ?? null,
          });
        counts.clear();
      });
  }
}

/** Johnny-Five keeps every board it ever saw, and timers that would hold the process for ten seconds. */
async function release(line: Line, io: Firmata, board: FiveBoard): Promise<void> {
  clearTimeout(io.reportVersionTimeoutId);
  const { timer } = board as unknown as BoardInternals;
  if (timer !== null) clearTimeout(timer);
  const index = boardCache.indexOf(board);
  if (index >= 0) boardCache.splice(index, 1);
  await line.close();
}
