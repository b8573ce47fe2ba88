/** What a corrected register does to trades under way: nothing. The jump is no energy. */
import type { DeliveryRecord } from "../common/records";
import { deliveredSoFar } from "./plan";

/** The records for which energy counted from a register, so that they count on from the corrected one. */
export function countingFrom(
  records: Iterable<DeliveryRecord>,
  beforeMilliWh: bigint,
  afterMilliWh: bigint,
): DeliveryRecord[] {
  return [...records]
    .filter((record) => record.sinceRegisterMilliWh !== null)
    .map((record) => ({
      ...record,
      bankedMilliWh: deliveredSoFar(record, beforeMilliWh),
      sinceRegisterMilliWh: afterMilliWh,
    }));
}
