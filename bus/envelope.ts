/**
 * How a server signs what it says. The message is JSON whose last field is the signature; signed are the topic and all
 * bytes before that field. So any JSON parser reads it (Home Assistant's too), and nothing has to be written twice the same.
 *
 *     {"session":1790000000000,"count":7,"atMs":1790000000123,"body":{…},"signature":"…"}
 */
import { type KeyObject, sign, verify } from "node:crypto";
import { z } from "zod";
import { publicKeyOf } from "./key";
import type { BusKey } from "./topics";

/** What orders the messages of one topic: a replayed one is not above the last. */
export interface Order {
  /** One connection of a server to the broker: ms since 1970 when it began, above every earlier one. */
  session: number;
  /** Of this message in its session. */
  count: number;
}

/** The last will is signed when the session begins and sent when it is over: nothing of the session comes after it. */
export const LAST_COUNT = Number.MAX_SAFE_INTEGER;

export interface Signed extends Order {
  atMs: number;
  body: unknown;
}

const whole = z.int().min(0);
const envelope = z.strictObject({
  session: whole,
  count: whole,
  atMs: whole,
  body: z.unknown(),
  signature: z.string().regex(/^[0-9a-f]{128}$/),
});

const tail = (signature: string) => `,"signature":"${signature}"}`;
const TAIL_LENGTH = tail("").length + 128;

const signedBytes = (topic: string, text: string) => Buffer.from(`${topic}\n${text}`);

export function seal(topic: string, { session, count, atMs, body }: Signed, privateKey: KeyObject): string {
  const text = JSON.stringify({ session, count, atMs, body }).slice(0, -1);
  return text + tail(sign(null, signedBytes(topic, text), privateKey).toString("hex"));
}

/** @returns what it says, not yet who said it; null where it is no such message */
export function unseal(json: unknown): Signed | null {
  const read = envelope.safeParse(json);
  return read.success ? { ...read.data, body: read.data.body } : null;
}

/** Whether the text of a message was signed under `key` for this topic. */
export function isSignedBy(key: BusKey, topic: string, message: string): boolean {
  const text = message.slice(0, -TAIL_LENGTH);
  const signature = message.slice(-(128 + 2), -2);
  // Whatever the parser took for the signature: what is checked is the end of the text.
  if (message.slice(-TAIL_LENGTH) !== tail(signature)) return false;
  const publicKey = publicKeyOf(key);
  return (
    publicKey !== null && verify(null, signedBytes(topic, text), publicKey, Buffer.from(signature, "hex"))
  );
}

export const isAfter = (left: Order, right: Order): boolean =>
  left.session > right.session || (left.session === right.session && left.count > right.count);
