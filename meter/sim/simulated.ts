import { Worker } from "node:worker_threads";
import type { RelayPosition } from "../../common/meter";
import type { LineEvents, Transport } from "../line";
import type { SeatName, SimulationOptions } from "./desk";
import { DEFAULT_FIRMWARE } from "./firmware";
import type { FromSeat, FromWorker, ToSeat, WorkerData } from "./worker-messages";

/** The relay's contact moved; `atMs` is ms since 1970. */
export type RelayEdgeListener = (position: RelayPosition, atMs: number) => void;

/** What one can do to an Arduino with one's hands. */
export interface Hands {
  /** Draws the USB plug. With `isNoticed` false the system does not report it. */
  unplug(isNoticed?: boolean): void;
  replug(): void;
  /** Noise on the line, towards the computer. */
  garbage(bytes: Uint8Array): void;
  /** The firmware hangs, relay as it is, until `resume`, a reset or loss of power. */
  stall(): void;
  resume(): void;
}

/** A simulated Arduino without a relay: it sits at the other end of a neighbour's wire. */
export interface SimulatedNeighbour extends Hands {
  readonly transport: Transport;
}

/** A simulated Arduino, and what one can do to a real one. */
export interface SimulatedArduino extends SimulatedNeighbour {
  onRelayEdge(listener: RelayEdgeListener): () => void;
}

/** Two Arduinos in one world: what leaves the house's relay arrives at the neighbour's sensors, less the wire's loss. */
export interface SimulatedPair {
  house: SimulatedArduino;
  neighbour: SimulatedNeighbour;
}

/** The wire of a pair, there and back, Ω. */
const WIRE_OHMS = 0.4;

/**
 * The real firmware on an AVR simulator, in real time and in a thread of its own, which starts at the first `open` and
 * ends with `transport.end()`.
 */
export function createSimulatedArduino(options: SimulationOptions = {}): SimulatedArduino {
  return arduinoOf(new SimulatorThread(options));
}

/** As above, with a second Arduino in the same thread, which ends when both are ended. */
export function createSimulatedPair(options: SimulationOptions = {}): SimulatedPair {
  const thread = new SimulatorThread({
    neighbourFirmware: DEFAULT_FIRMWARE,
    ...options,
    world: { wireOhms: WIRE_OHMS, ...options.world },
  });
  return { house: arduinoOf(thread), neighbour: thread.seat("neighbour") };
}

function arduinoOf(thread: SimulatorThread): SimulatedArduino {
  return { ...thread.seat("house"), onRelayEdge: (listener) => thread.onRelayEdge(listener) };
}

/** One open line of a seat. */
interface OpenLine {
  session: number;
  opened(): void;
  refused(error: Error): void;
  events: LineEvents;
}

/** The worker: started when the first of its seats is opened or touched, ended when no seat needs it any more. */
class SimulatorThread {
  readonly #options: SimulationOptions;
  readonly #edgeListeners = new Set<RelayEdgeListener>();
  readonly #lines = new Map<SeatName, OpenLine>();
  readonly #inUse = new Set<SeatName>();
  #worker: Worker | null = null;
  #session = 0;

  constructor(options: SimulationOptions) {
    this.#options = options;
  }

  onRelayEdge(listener: RelayEdgeListener): () => void {
    this.#edgeListeners.add(listener);
    return () => this.#edgeListeners.delete(listener);
  }

  seat(name: SeatName): SimulatedNeighbour {
    const hands = (message: ToSeat) => {
      this.#running(name);
      this.#tell(name, message);
    };
    return {
      transport: {
        name: "simulated",
        open: (events) => this.#open(name, events),
        end: () => this.#end(name),
      },
      unplug: (isNoticed = true) => hands({ do: "unplug", isNoticed }),
      replug: () => hands({ do: "replug" }),
      garbage: (bytes) => hands({ do: "garbage", bytes }),
      stall: () => hands({ do: "stall" }),
      resume: () => hands({ do: "resume" }),
    };
  }

  #open(name: SeatName, events: LineEvents): ReturnType<Transport["open"]> {
    return new Promise((resolve, reject) => {
      this.#running(name);
      const session = ++this.#session;
      const close = async () => {
        if (this.#lines.get(name)?.session !== session) return;
        this.#lines.delete(name);
        this.#tell(name, { do: "close", session });
      };
      const write = (bytes: Uint8Array) => this.#tell(name, { do: "send", bytes });
      this.#lines.set(name, { session, events, opened: () => resolve({ write, close }), refused: reject });
      this.#tell(name, { do: "open", session });
    });
  }

  async #end(name: SeatName): Promise<void> {
    this.#lines.get(name)?.refused(new Error("the simulated Arduino was put away"));
    this.#lines.delete(name);
    this.#inUse.delete(name);
    if (this.#inUse.size > 0) return;
    const ending = this.#worker;
    this.#worker = null;
    await ending?.terminate();
  }

  #tell(seat: SeatName, message: ToSeat): void {
    this.#worker?.postMessage({ seat, ...message });
  }

  #running(name: SeatName): void {
    this.#inUse.add(name);
    if (this.#worker !== null) return;
    const started = startWorker(this.#options);
    started.on("message", (message: FromWorker) => {
      if (message.did === "relayEdge") {
        for (const listener of this.#edgeListeners) listener(message.position, message.atMs);
      } else this.#heard(message.seat, message);
    });
    started.on("error", (error) => {
      this.#worker = null;
      for (const line of this.#lines.values()) {
        line.refused(error);
        line.events.closed(`the simulated Arduino broke: ${error.stack ?? error.message}`);
      }
    });
    this.#worker = started;
  }

  #heard(seat: SeatName, message: FromSeat): void {
    const line = this.#lines.get(seat);
    if (line === undefined || line.session !== message.session) return;
    if (message.did === "data") line.events.data(message.bytes);
    else if (message.did === "opened") line.opened();
    else if (message.did === "refused") line.refused(new Error(message.reason));
    else line.events.closed("the simulated Arduino was unplugged");
  }
}

/** A thread does not inherit a TypeScript loader that mocha or a parent `require`d: it loads its own first. */
function startWorker(simulation: SimulationOptions): Worker {
  const data: WorkerData = { script: require.resolve("./worker"), simulation };
  const loader = JSON.stringify(require.resolve("tsx/cjs"));
  return new Worker(`require(${loader}); require(require("node:worker_threads").workerData.script);`, {
    eval: true,
    workerData: data,
  });
}
