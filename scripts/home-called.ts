/** A home by its name, as people type it. */
import type { HomeSettings } from "../common/home";

/**
 * @param said how the command's reader gives a name: the beginning of the error
 * @throws Error listing the names, when there are several and none of them is asked for
 */
export function homeCalled(name: string | undefined, homes: HomeSettings[], said: string): HomeSettings {
  const [first, ...others] = homes as [HomeSettings, ...HomeSettings[]];
  if (name === undefined && others.length === 0) return first;
  const wanted = name?.normalize("NFC").toLowerCase();
  const found = homes.find((home) => home.name.toLowerCase() === wanted);
  if (found) return found;
  const names = homes.map((home) => `"${home.name}"`).join(", ");
  throw new Error(`${said} ${name === undefined ? "is missing" : "names no home"}: the homes are ${names}.`);
}
