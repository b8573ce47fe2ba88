/** The simulator's thread: a desk that runs in real time. */
import { parentPort, workerData } from "node:worker_threads";
import { Desk, type SeatName } from "./desk";
import { runInRealTime } from "./pace";
import type { CableEvents } from "./seat";
import type { FromSeat, FromWorker, ToWorker, WorkerData } from "./worker-messages";

const port = parentPort!;
const say = (message: FromWorker) => port.postMessage(message);
const sessions: Record<SeatName, number> = { house: 0, neighbour: 0 };
const answer = (seat: SeatName, message: FromSeat) => say({ seat, ...message });
const cable = (seat: SeatName): CableEvents => ({
  data: (bytes) => answer(seat, { did: "data", session: sessions[seat], bytes }),
  closed: () => answer(seat, { did: "closed", session: sessions[seat] }),
});

const desk = new Desk((workerData as WorkerData).simulation, {
  cables: { house: cable("house"), neighbour: cable("neighbour") },
  relayEdge: (position) =>
    say({ did: "relayEdge", position, atMs: performance.timeOrigin + performance.now() }),
});
const pace = runInRealTime(desk);

port.on("message", (message: ToWorker) => {
  // Time first: what arrives now must not reach an Arduino that still lives in the past.
  pace.catchUp();
  const { seat: name } = message;
  const seat = desk.seat(name);
  switch (message.do) {
    case "open":
      sessions[name] = message.session;
      try {
        seat.open();
      } catch (error) {
        answer(name, { did: "refused", session: message.session, reason: (error as Error).message });
        break;
      }
      pace.forgetLag();
      answer(name, { did: "opened", session: message.session });
      break;
    case "close":
      if (message.session === sessions[name]) seat.close();
      break;
    case "send":
      seat.send(message.bytes);
      break;
    case "unplug":
      seat.unplug(message.isNoticed);
      break;
    case "garbage":
      seat.garbage(message.bytes);
      break;
    default:
      seat[message.do]();
  }
});
