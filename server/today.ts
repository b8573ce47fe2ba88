/** Energy since local midnight: the register now, less the register then. */
import type { DeliveryService } from "./delivery/service";
import type { History } from "./store/history";
import type { Clock } from "./types";

export class Today {
  private midnightMs = Number.NaN;
  private registerThen = 0n;

  constructor(
    private readonly history: History,
    private readonly delivery: DeliveryService,
    private readonly clock: Clock,
  ) {}

  milliWh(): bigint {
    const midnightMs = new Date(this.clock.nowMs()).setHours(0, 0, 0, 0);
    if (midnightMs !== this.midnightMs) {
      this.midnightMs = midnightMs;
      this.registerThen =
        this.history.registerAt(this.delivery.address, midnightMs / 1000) ?? this.delivery.registerMilliWh;
    }
    const since = this.delivery.registerMilliWh - this.registerThen;
    return since > 0n ? since : 0n;
  }
}
