/** Energy since local midnight: the register now, less the register then, corrections of it left out. */

import type { Clock } from "../common/service";
import type { DeliveryService } from "./delivery/service";
import type { History } from "./store/history";

export class Today {
  private midnightMs = Number.NaN;
  private revision = -1;
  private registerThen = 0n;

  constructor(
    private readonly history: History,
    private readonly delivery: DeliveryService,
    private readonly clock: Clock,
  ) {}

  milliWh(): bigint {
    const midnightMs = new Date(this.clock.nowMs()).setHours(0, 0, 0, 0);
    // Nothing has been metered since: no row says where it stood then, and none is needed.
    if (this.delivery.meteredAtMs < midnightMs) return 0n;
    const { revision } = this.history;
    if (midnightMs !== this.midnightMs || revision !== this.revision) {
      this.midnightMs = midnightMs;
      this.revision = revision;
      this.registerThen =
        this.history.registerAt(this.delivery.address, midnightMs / 1000) ?? this.delivery.registerMilliWh;
    }
    const since = this.delivery.registerMilliWh - this.registerThen;
    return since > 0n ? since : 0n;
  }
}
