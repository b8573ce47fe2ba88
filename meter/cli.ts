/** `npm run meter`: live volts, amperes, watts, watt-hours and the relay, of a real, simulated or modelled meter. */

import { parseCalibration } from "../common/calibration";
import type { Meter, MeterSample, RelayPosition } from "../common/meter";
import { createMeter } from "./meter";
import { isTransport, TRANSPORT_CHOICES } from "./transport";

const HELP = `usage: npm run meter [-- <transport>]     (or METER=<transport>)
       npm run meter -- <home>             (its delivering meter, where HOMES lists it)
calibration: METER_CALIBRATION="vccVolts=4.92,dividerRatio=2.03" (docs/wiring.md)
transports: ${TRANSPORT_CHOICES}
keys: r closes or opens the relay, q quits`;
/** A plain line this often where no terminal can redraw one, ms. */
const PLAIN_LINE_MS = 1_000;

function describe(sample: MeterSample): string {
  const panel = sample.panelWatts === null ? "" : `  panel ${sample.panelWatts.toFixed(2).padStart(5)} W`;
  const milliWh = sample.registerMilliWh.toString().padStart(4, "0");
  const wattHours = `${milliWh.slice(0, -3)}.${milliWh.slice(-3)}`;
  return `${sample.volts.toFixed(2)} V  ${sample.amperes.toFixed(3)} A  ${sample.watts.toFixed(2)} W  ${wattHours} Wh  relay ${sample.relay}${panel}`;
}

/** Shows `meter` on standard output until `quit`; keys come from standard input where that is a terminal. */
function show(meter: Meter, quit: () => void): void {
  const isTerminal = process.stdout.isTTY;
  let wanted: RelayPosition = "open";
  let nextLineAtMs = 0;
  meter.onStatus(({ state, detail }) => {
    process.stdout.write(`${isTerminal ? "\r\x1b[K" : ""}${state}: ${detail}\n`);
    // Whoever pressed the key for another moment than this presses it again.
    if (state === "lost") {
      wanted = "open";
      meter.setRelay(wanted);
    }
  });
  meter.onSample((sample) => {
    // This is the turn that decides about the relay.
    meter.affirm();
    if (isTerminal) process.stdout.write(`\r\x1b[K${describe(sample)}`);
    else if (sample.atMs >= nextLineAtMs) {
      nextLineAtMs = sample.atMs + PLAIN_LINE_MS;
      process.stdout.write(`${describe(sample)}\n`);
    }
  });
  // Whoever reads this has gone (`| head`).
  process.stdout.on("error", quit);
  if (!process.stdin.isTTY) return;
  process.stdin.setRawMode(true);
  process.stdin.on("data", (keys: Buffer) => {
    for (const key of keys.toString()) {
      if (key === "r") {
        wanted = wanted === "open" ? "closed" : "open";
        meter.setRelay(wanted);
      } else if (key === "q" || key === "\x03") quit();
    }
  });
  process.stdout.write("r closes or opens the relay, q quits\n");
}

/**
 * Shows the meter that the command line names, until it is told to end.
 * @param meterOfHome the meter of a home by its name; null where nobody listed homes
 */
export async function main(meterOfHome: (name: string) => Meter | null = () => null): Promise<void> {
  const given = process.argv[2];
  if (given === "-h" || given === "--help") {
    console.log(HELP);
    return;
  }
  const meter = meterOf(given ?? process.env.METER ?? "simulated", meterOfHome);
  await new Promise<void>((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
    process.once("SIGHUP", resolve);
    show(meter, resolve);
    void meter.connect();
  });
  await meter.disconnect();
  if (process.stdin.isTTY) process.stdin.setRawMode(false);
  process.stdin.pause();
}

/** @throws Error listing what may be named */
function meterOf(named: string, meterOfHome: (name: string) => Meter | null): Meter {
  if (!isTransport(named)) {
    const meter = meterOfHome(named);
    if (meter) return meter;
  }
  return createMeter({
    transport: named,
    calibration: parseCalibration(process.env.METER_CALIBRATION ?? ""),
  });
}

/** Says on standard error what is wrong, and how to call it. */
export function refuse(error: Error): void {
  console.error(`${error.message}\n\n${HELP}`);
  process.exitCode = 1;
}

if (require.main === module) main().catch(refuse);
