/** What is said on the bus: JSON in the wire codec, held to these schemas when it is written and when it is read. */
import { z } from "zod";
import { METER_FAULTS } from "../common/meter";
import type { Wire } from "../common/wire";
import type { Kind } from "./topics";

const energy = z
  .string()
  .regex(/^\d{1,20}$/)
  .transform(BigInt)
  .refine((value) => value < 2n ** 64n);
const id = z
  .string()
  .regex(/^\d{1,78}$/)
  .transform(BigInt)
  .refine((value) => value < 2n ** 256n);
/** In lower case: a checksum costs a hash, and a wrong one would be another way to be hostile. */
const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/)
  .transform((text) => text.toLowerCase());
const signature = z.string().regex(/^0x[0-9a-f]{128}$/);
const timeMs = z.int().min(0);
/** For people: one line, nothing that a terminal would act on. */
const words = (most: number) =>
  z
    .string()
    .max(most)
    .regex(/^\P{Cc}*$/u);
/** No meter of this kind measures more; what is larger is no measurement. */
const measured = z.number().min(-1e6).max(1e6);
const relay = z.enum(["open", "closed"]);

const measurement = {
  atMs: timeMs,
  volts: measured,
  amperes: measured,
  panelWatts: measured.nullable(),
  watts: measured,
  registerMilliWh: energy,
  relay,
};

/** `relay` null: not known. `measured` null: no fresh sample. */
const meterWord = z.strictObject({
  kind: z.literal("meter"),
  /** The meter's own statement (EIP-712 `Speaker`) that the key in the topic speaks for it. */
  voucher: z.strictObject({ sinceMs: timeMs, signature }),
  name: words(60),
  state: z.enum(["stopped", "connecting", "online", "lost"]),
  detail: words(400),
  fault: z.enum(METER_FAULTS).nullable(),
  relay: relay.nullable(),
  firmware: z.strictObject({ name: words(100), opensByItself: z.boolean() }).nullable(),
  todayMilliWh: energy,
  registerMilliWh: energy,
  /** The trade for which its relay is closed, or waits for its meter. */
  servedTradeId: id.nullable(),
  measured: z.strictObject(measurement).nullable(),
});
export type MeterWord = z.output<typeof meterWord>;

const statement = z.strictObject({
  tradeId: id,
  buyer: address,
  orderedMilliWh: energy,
  deadlineAtMs: timeMs,
  deliveredMilliWh: energy,
  registerMilliWh: energy,
  isFinal: z.boolean(),
  signature,
  signedAtMs: timeMs,
});
/** A signed reading and the purchase it is of: all that is needed to check it. */
export type BusReading = z.output<typeof statement>;

/** Of a meter at once: its open trades, and the last that closed. */
export const MOST_READINGS = 64;
/** In one message: a larger street sends several. */
export const MOST_SAMPLES = 500;

const bodies = {
  availability: z.strictObject({ state: z.enum(["online", "offline"]) }),
  samples: z.strictObject({
    samples: z.array(z.strictObject({ meter: address, ...measurement })).max(MOST_SAMPLES),
  }),
  /** `gone`: this server has that meter no more. */
  state: z.discriminatedUnion("kind", [meterWord, z.strictObject({ kind: z.literal("gone") })]),
  readings: z.strictObject({ readings: z.array(statement).max(MOST_READINGS) }),
};

export type Body<K extends Kind> = z.output<(typeof bodies)[K]>;

/** Bytes of the largest sound message of a kind, with room to grow. */
export const MOST_BYTES: Record<Kind, number> = {
  availability: 1_000,
  state: 4_000,
  samples: 256_000,
  readings: 64_000,
};

/** @returns what it means; null where it is not of that kind */
export function readBody<K extends Kind>(kind: K, json: unknown): Body<K> | null {
  const read = bodies[kind].safeParse(json);
  return read.success ? (read.data as Body<K>) : null;
}

/** @throws Error naming the field that this server itself would refuse */
export function checkBody<K extends Kind>(kind: K, wire: Wire<Body<K>>): void {
  const read = bodies[kind].safeParse(wire);
  if (!read.success) throw new Error(`a ${kind} message that no server would take: ${read.error.message}`);
}
