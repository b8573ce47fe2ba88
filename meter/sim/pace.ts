import type { Desk } from "./desk";

/** How often the desk catches up with real time, ms. Adds as much to the way of a command to the relay. */
const TICK_MS = 1;
/** Further behind than this (a sleeping laptop), the desk lets the time go instead of catching up, s. */
const MAX_LAG_S = 1;

/** Runs `desk` at the speed of this machine's clock until `stop`. */
export function runInRealTime(desk: Desk): { catchUp(): void; forgetLag(): void; stop(): void } {
  const realS = () => performance.now() / 1000;
  let offsetS = desk.nowS - realS();
  const forgetLag = () => {
    offsetS = desk.nowS - realS();
  };
  const catchUp = () => {
    if (realS() + offsetS - desk.nowS > MAX_LAG_S) forgetLag();
    desk.runUntil(realS() + offsetS);
  };
  const timer = setInterval(catchUp, TICK_MS);
  return { catchUp, forgetLag, stop: () => clearInterval(timer) };
}
