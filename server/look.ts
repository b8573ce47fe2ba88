/** What one page looks at, as it says itself, and the rooms in which it is told of that. */
import { z } from "zod";
import type { Address } from "../common/address";
import type { Look } from "../common/events";

const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/)
  .nullable();
const look = z.strictObject({ house: address.default(null), account: address.default(null) });

/** Null for what no page sends. An empty one is of a page that has not chosen yet. */
export const lookFrom = (sent: unknown): Look | null => look.safeParse(sent).data ?? null;

/** Of everybody who looks at this house. */
export const houseRoom = (meter: Address): string => `house ${meter.toLowerCase()}`;
/** Of everybody who is told of this account's trades. */
export const accountRoom = (account: Address): string => `account ${account.toLowerCase()}`;
