import { setImmediate } from "node:timers/promises";
import type { MeterClock } from "../clock";
import type { LineEvents } from "../line";
import { Desk, type SeatName, type SimulationOptions } from "./desk";
import type { CableEvents } from "./seat";
import type { RelayEdgeListener, SimulatedArduino, SimulatedNeighbour } from "./simulated";
import type { World } from "./world";

/** A simulated Arduino that stands still until told: no thread, no real time, the same every time. */
export interface SteppedArduino extends SimulatedArduino {
  /** The desk's time, for everything that shall run in it; 0 is 1970. */
  readonly clock: MeterClock;
  /** Lets `ms` pass while nothing that waits for time or bytes runs; then it gets all the bytes at once. */
  standStill(ms: number): void;
  /** The Arduino at the other end of the wire, with `neighbourFirmware`. */
  readonly neighbour: SimulatedNeighbour;
  /** What is sent to the Arduino from now on does not arrive, until the port is opened again. */
  deafen(): void;
  /** What really happens behind the sensors. */
  readonly world: World;
  /** Lets `ms` pass, in steps of a millisecond; what is waiting for time or bytes runs in between. */
  advance(ms: number): Promise<void>;
  /**
   * Lets time pass until `isDone`.
   * @throws Error naming `what` after `limitMs`.
   */
  advanceUntil(what: string, isDone: () => boolean, limitMs?: number): Promise<void>;
}

interface Alarm {
  atMs: number;
  action: () => void;
}

export function createSteppedArduino(options: SimulationOptions = {}): SteppedArduino {
  const edgeListeners = new Set<RelayEdgeListener>();
  const alarms = new Set<Alarm>();
  const lines: Record<SeatName, LineEvents | null> = { house: null, neighbour: null };
  const cable = (seat: SeatName): CableEvents => ({
    data: (bytes) => lines[seat]?.data(bytes),
    closed: () => lines[seat]?.closed("the simulated Arduino was unplugged"),
  });
  const desk = new Desk(options, {
    cables: { house: cable("house"), neighbour: cable("neighbour") },
    relayEdge: (position, atS) => {
      for (const listener of edgeListeners) listener(position, atS * 1000);
    },
  });
  const isDeaf: Record<SeatName, boolean> = { house: false, neighbour: false };
  const nowMs = () => Math.round(desk.nowS * 1000);

  async function advance(ms: number): Promise<void> {
    const end = nowMs() + ms;
    // Whoever has just opened the line gets to listen to it before a byte comes.
    await setImmediate();
    while (nowMs() < end) {
      desk.runUntil((nowMs() + 1) / 1000);
      for (const alarm of [...alarms].sort((one, other) => one.atMs - other.atMs)) {
        if (alarm.atMs <= nowMs() && alarms.delete(alarm)) alarm.action();
      }
      // Promises and next ticks of those that were woken.
      await setImmediate();
    }
  }

  const seat = (name: SeatName): SimulatedNeighbour => ({
    transport: {
      name: "stepped",
      async open(events) {
        desk.seat(name).open();
        isDeaf[name] = false;
        lines[name] = events;
        return {
          write: (bytes) => {
            if (lines[name] === events && !isDeaf[name]) desk.seat(name).send(bytes);
          },
          close: async () => {
            if (lines[name] !== events) return;
            lines[name] = null;
            desk.seat(name).close();
          },
        };
      },
      end: async () => {},
    },
    unplug: (isNoticed) => desk.seat(name).unplug(isNoticed),
    replug: () => desk.seat(name).replug(),
    garbage: (bytes) => desk.seat(name).garbage(bytes),
    stall: () => desk.seat(name).stall(),
    resume: () => desk.seat(name).resume(),
  });

  return {
    ...seat("house"),
    neighbour: seat("neighbour"),
    world: desk.world,
    clock: {
      nowMs,
      steadyMs: nowMs,
      after(delayMs, action) {
        const alarm = { atMs: nowMs() + delayMs, action };
        alarms.add(alarm);
        return () => alarms.delete(alarm);
      },
    },
    advance,
    async advanceUntil(what, isDone, limitMs = 60_000) {
      const end = nowMs() + limitMs;
      while (!isDone()) {
        if (nowMs() >= end) throw new Error(`${what}: not within ${limitMs} ms of the desk's time`);
        await advance(1);
      }
    },
    standStill: (ms) => desk.runUntil((nowMs() + ms) / 1000),
    deafen: () => {
      isDeaf.house = true;
    },
    onRelayEdge(listener) {
      edgeListeners.add(listener);
      return () => edgeListeners.delete(listener);
    },
  };
}
