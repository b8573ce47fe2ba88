import { Worker } from "node:worker_threads";
import type { RelayPosition } from "../../common/meter";
import type { LineEvents, Transport } from "../line";
import type { SimulationOptions } from "./desk";
import type { FromWorker, ToWorker, WorkerData } from "./worker-messages";

/** The relay's contact moved; `atMs` is ms since 1970. */
export type RelayEdgeListener = (position: RelayPosition, atMs: number) => void;

/** A simulated Arduino, and what one can do to a real one with one's hands. */
export interface SimulatedArduino {
  readonly transport: Transport;
  /** Draws the USB plug. With `isNoticed` false the system does not report it. */
  unplug(isNoticed?: boolean): void;
  replug(): void;
  /** Noise on the line, towards the computer. */
  garbage(bytes: Uint8Array): void;
  /** The firmware hangs, relay as it is, until `resume`, a reset or loss of power. */
  stall(): void;
  resume(): void;
  onRelayEdge(listener: RelayEdgeListener): () => void;
}

/**
 * The real firmware on an AVR simulator, in real time and in a thread of its own, which starts at the first `open` and
 * ends with `transport.end()`.
 */
export function createSimulatedArduino(options: SimulationOptions = {}): SimulatedArduino {
  const edgeListeners = new Set<RelayEdgeListener>();
  let worker: Worker | null = null;
  let session = 0;
  let line: { opened(): void; refused(error: Error): void; events: LineEvents } | null = null;

  const tell = (message: ToWorker) => worker?.postMessage(message);
  const running = () => {
    if (worker !== null) return;
    const started = startWorker(options);
    started.on("message", (message: FromWorker) => {
      if (message.did === "relayEdge") {
        for (const listener of edgeListeners) listener(message.position, message.atMs);
      } else if (message.session === session && line !== null) {
        if (message.did === "data") line.events.data(message.bytes);
        else if (message.did === "opened") line.opened();
        else if (message.did === "refused") line.refused(new Error(message.reason));
        else line.events.closed("the simulated Arduino was unplugged");
      }
    });
    started.on("error", (error) => {
      worker = null;
      line?.refused(error);
      line?.events.closed(`the simulated Arduino broke: ${error.stack ?? error.message}`);
    });
    worker = started;
  };
  const hands = (message: ToWorker) => () => {
    running();
    tell(message);
  };

  return {
    transport: {
      name: "simulated",
      open: (events) =>
        new Promise((resolve, reject) => {
          running();
          const mine = ++session;
          const close = async () => {
            if (session !== mine) return;
            line = null;
            tell({ do: "close", session: mine });
          };
          line = {
            events,
            opened: () => resolve({ write: (bytes) => tell({ do: "send", bytes }), close }),
            refused: reject,
          };
          tell({ do: "open", session: mine });
        }),
      end: async () => {
        line?.refused(new Error("the simulated Arduino was put away"));
        line = null;
        const ending = worker;
        worker = null;
        await ending?.terminate();
      },
    },
    unplug: (isNoticed = true) => hands({ do: "unplug", isNoticed })(),
    replug: hands({ do: "replug" }),
    garbage: (bytes) => hands({ do: "garbage", bytes })(),
    stall: hands({ do: "stall" }),
    resume: hands({ do: "resume" }),
    onRelayEdge(listener) {
      edgeListeners.add(listener);
      return () => edgeListeners.delete(listener);
    },
  };
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
