/** The simulator's thread: a desk that runs in real time. */
import { parentPort, workerData } from "node:worker_threads";
import { Desk } from "./desk";
import { runInRealTime } from "./pace";
import type { FromWorker, ToWorker, WorkerData } from "./worker-messages";

const port = parentPort!;
const say = (message: FromWorker) => port.postMessage(message);
let session = 0;

const desk = new Desk((workerData as WorkerData).simulation, {
  data: (bytes) => say({ did: "data", session, bytes }),
  closed: () => say({ did: "closed", session }),
  relayEdge: (position) =>
    say({ did: "relayEdge", position, atMs: performance.timeOrigin + performance.now() }),
});
const pace = runInRealTime(desk);

port.on("message", (message: ToWorker) => {
  // Time first: what arrives now must not reach an Arduino that still lives in the past.
  pace.catchUp();
  switch (message.do) {
    case "open":
      session = message.session;
      try {
        desk.open();
      } catch (error) {
        say({ did: "refused", session, reason: (error as Error).message });
        break;
      }
      pace.forgetLag();
      say({ did: "opened", session });
      break;
    case "close":
      if (message.session === session) desk.close();
      break;
    case "send":
      desk.send(message.bytes);
      break;
    case "unplug":
      desk.unplug(message.isNoticed);
      break;
    case "garbage":
      desk.garbage(message.bytes);
      break;
    default:
      desk[message.do]();
  }
});
