/** Chain events as JSON text: bigints as tagged strings, so that a quantity comes back exactly as it went. */
import type { ChainEvent } from "../types";

const TAG = "bigint:";

export function eventToJson(event: ChainEvent): string {
  return JSON.stringify(event, (_key, value: unknown) =>
    typeof value === "bigint" ? `${TAG}${value}` : value,
  );
}

/** Only what `eventToJson` wrote is ever read back: the table is this program's own. */
export function eventFromJson(text: string): ChainEvent {
  return JSON.parse(text, (_key, value: unknown) =>
    typeof value === "string" && value.startsWith(TAG) ? BigInt(value.slice(TAG.length)) : value,
  ) as ChainEvent;
}
