import type { RelayPosition } from "../../common/meter";
import type { SeatName, SimulationOptions } from "./desk";

/** From the program to one Arduino. Each `open` has a number, so that late answers find nobody. */
export type ToSeat =
  | { do: "open"; session: number }
  | { do: "close"; session: number }
  | { do: "send"; bytes: Uint8Array }
  | { do: "unplug"; isNoticed: boolean }
  | { do: "replug" }
  | { do: "stall" }
  | { do: "resume" }
  | { do: "garbage"; bytes: Uint8Array };

/** From the program to the simulator's thread. */
export type ToWorker = ToSeat & { seat: SeatName };

/** From one Arduino. */
export type FromSeat =
  | { did: "opened"; session: number }
  | { did: "refused"; session: number; reason: string }
  | { did: "data"; session: number; bytes: Uint8Array }
  | { did: "closed"; session: number };

/** From the simulator's thread. `atMs` is ms since 1970, by the steady clock. */
export type FromWorker =
  | (FromSeat & { seat: SeatName })
  | { did: "relayEdge"; position: RelayPosition; atMs: number };

export interface WorkerData {
  script: string;
  simulation: SimulationOptions;
}
