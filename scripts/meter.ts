/** `npm run meter`: the live display of `meter/cli.ts`, and with `consent` what an operator needs to commission it. */
import type { Meter } from "../common/meter";
import { main, refuse } from "../meter/cli";
import { systemClock } from "../meter/clock";
import { createHomeMeters } from "../meter/homes";
import { WORLD_DEFAULTS } from "../meter/sim/world";
import { readHomes } from "../server/homes-file";
import { homeCalled } from "./home-called";

/** The delivering meter of a home in the file of HOMES; its register counts from 0 here. @throws Error listing the homes */
function meterOfHome(name: string): Meter | null {
  const file = process.env.HOMES;
  if (file === undefined) return null;
  const { homes, problems } = readHomes(file);
  if (problems.length > 0) throw new Error(problems.join("\n"));
  const home = homeCalled(name, homes, `"${name}"`);
  // Alone: what stands at the other end of its wire is another home's.
  const { homes: built } = createHomeMeters([{ ...home, receivingMeter: null }], {
    clock: systemClock,
    dayS: WORLD_DEFAULTS.dayS,
    registerOf: () => undefined,
  });
  return built.get(home.name)!.meter;
}

if (process.argv[2] === "consent") require("./consent");
else main(meterOfHome).catch(refuse);
