/** The topic tree (docs/bus.md). A server writes under its own key alone; the broker's access list holds it to that. */
const ROOT = "neighborwatt/1";

/** An Ed25519 public key, 64 lower-case hexadecimal digits: the name of a server on the bus. */
export type BusKey = string;

/** What a message is of. `meter` in lower case. */
export type Subject =
  | { kind: "availability"; key: BusKey }
  | { kind: "samples"; key: BusKey }
  | { kind: "state"; key: BusKey; meter: string }
  | { kind: "readings"; key: BusKey; meter: string };

export type Kind = Subject["kind"];

export const topicOf = (subject: Subject): string =>
  "meter" in subject
    ? `${ROOT}/${subject.key}/${subject.meter.toLowerCase()}/${subject.kind}`
    : `${ROOT}/${subject.key}/${subject.kind}`;

const OF_SERVER = /^neighborwatt\/1\/([0-9a-f]{64})\/(availability|samples)$/;
const OF_METER = /^neighborwatt\/1\/([0-9a-f]{64})\/(0x[0-9a-f]{40})\/(state|readings)$/;

/** Null for a topic that is none of the tree. */
export function subjectOf(topic: string): Subject | null {
  const server = OF_SERVER.exec(topic);
  if (server) return { kind: server[2] as "availability" | "samples", key: server[1]! };
  const meter = OF_METER.exec(topic);
  return meter && { kind: meter[3] as "state" | "readings", key: meter[1]!, meter: meter[2]! };
}

/** What every server reads. States first: they say who speaks for which meter, and a stranger's word is not kept. */
export const FILTERS = ["+/+/state", "+/availability", "+/samples", "+/+/readings"].map(
  (rest) => `${ROOT}/${rest}`,
);
