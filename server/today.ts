/** Energy of each home since local midnight: the register now, less the register then, corrections of it left out. */

import type { Address } from "../common/address";
import type { Clock } from "../common/service";
import type { Home } from "../home/home";
import type { History } from "./store/history";

/** The register of a midnight, as the history of that revision has it. */
interface Midnight {
  atMs: number;
  revision: number;
  registerMilliWh: bigint;
}

export class Today {
  private readonly midnights = new Map<Address, Midnight>();

  constructor(
    private readonly history: History,
    private readonly clock: Clock,
  ) {}

  milliWh(home: Pick<Home, "meter" | "meteredAtMs" | "registerMilliWh">): bigint {
    const atMs = new Date(this.clock.nowMs()).setHours(0, 0, 0, 0);
    // Nothing has been metered since: no row says where it stood then, and none is needed.
    if (home.meteredAtMs < atMs) return 0n;
    const { revision } = this.history;
    let midnight = this.midnights.get(home.meter);
    if (midnight?.atMs !== atMs || midnight.revision !== revision) {
      const registerMilliWh = this.history.registerAt(home.meter, atMs / 1000) ?? home.registerMilliWh;
      midnight = { atMs, revision, registerMilliWh };
      this.midnights.set(home.meter, midnight);
    }
    const since = home.registerMilliWh - midnight.registerMilliWh;
    return since > 0n ? since : 0n;
  }
}
