/** The fields of one home in the file that HOMES names: what each may be, and which of them belong together. */
import { z } from "zod";
import { checksumAddress } from "../chain/checksum";
import { CALIBRATION_CHOICES, isCalibration } from "../common/calibration";
import type { HomeSettings, MeterSettings, ReceivingMeterSettings } from "../common/home";
import { likely } from "./slips";

const LONGEST_NAME = 24;
/** What the data folder holds besides keys: `npm start` and the embedded chain write there. */
const FILES_OF_OTHERS = ["running.json", "chain-process.json", "chain.json", "homes.json"];
/** How METER_CALIBRATION is written too. */
export const CALIBRATION = z.string().max(1000).refine(isCalibration);
export const CALIBRATION_ALLOWED = `what was measured on a real board, of ${CALIBRATION_CHOICES}, with commas between (docs/wiring.md)`;

interface Field {
  schema: z.ZodType;
  allowed: string;
}
type Fields = Record<string, Field>;
type ValuesOf<F extends Fields> = { [N in keyof F]: z.output<F[N]["schema"]> };

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Nothing that people cannot see or that turns a line around: two names that look alike are alike. */
function isReadable(name: string): boolean {
  const withoutEmojiStyle = name.replace(/(\p{Extended_Pictographic})\uFE0F/gu, "$1");
  return (
    !/[\p{C}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Z}|^\p{M}|^ | $| {2}/u.test(withoutEmojiStyle) &&
    name.length <= 8 * LONGEST_NAME &&
    [...graphemes.segment(name)].length <= LONGEST_NAME &&
    name !== ""
  );
}
// Korean typed on a Mac comes taken apart; whoever types the name elsewhere could never find it.
const homeName = z
  .string()
  .transform((name) => name.normalize("NFC"))
  .refine(isReadable);

/** Letters all small or all capital carry no checksum. */
const isAddress = (text: string): boolean =>
  /^0x[0-9a-f]{40}$/i.test(text) &&
  BigInt(text) !== 0n &&
  (/^0x([0-9a-f]+|[0-9A-F]+)$/.test(text) || text === checksumAddress(text));
const address = z.string().refine(isAddress).transform(checksumAddress);

const HOME = {
  name: {
    schema: homeName,
    allowed: `1 to ${LONGEST_NAME} characters that can be seen, with single spaces between them`,
  },
  account: {
    schema: address.nullish(),
    allowed: "the address of the household: 0x and 40 hexadecimal digits, with a right checksum; or null",
  },
  meters: {
    schema: z.array(z.unknown()).min(1).max(2),
    allowed: "a list of a delivering meter and, if there is one, a receiving meter",
  },
  house: { schema: z.unknown(), allowed: "what a modelled home has" },
} satisfies Fields;

const METER = {
  role: { schema: z.enum(["delivering", "receiving"]), allowed: "delivering or receiving" },
  kind: { schema: z.enum(["serial", "simulated", "modelled"]), allowed: "serial, simulated or modelled" },
  port: {
    schema: z
      .string()
      .regex(/^[^\p{C}]{1,255}$/u)
      .nullish(),
    allowed: "the port of a serial meter, such as /dev/ttyACM0",
  },
  firmware: {
    schema: z.literal("StandardFirmata").nullish(),
    allowed: "StandardFirmata, on a simulated meter (left out: the meter's own)",
  },
  calibration: {
    schema: CALIBRATION.default(""),
    allowed: CALIBRATION_ALLOWED,
  },
  keyFile: {
    schema: z
      .string()
      .regex(/^\w[\w.-]{0,99}\.json$/)
      .refine((file) => !FILES_OF_OTHERS.includes(file.toLowerCase()))
      .nullish(),
    allowed: `a file name in DATA_DIR such as meter-key-2.json, without a folder, and not ${FILES_OF_OTHERS.join(", ")}`,
  },
  wireFrom: {
    schema: homeName.nullish(),
    allowed: "on a receiving meter, the name of the home whose relay feeds its wire",
  },
} satisfies Fields;

const watts = z.number().min(0).max(100);
const HOUSE = {
  roofW: { schema: watts, allowed: "the roof's peak power, 0 to 100 W" },
  batteryMilliWh: {
    schema: z.int().min(0).max(1_000_000).transform(BigInt),
    allowed: "the battery's size, a whole number of 0 to 1000000 mWh",
  },
  loadW: { schema: watts, allowed: "the household's mean power, 0 to 100 W" },
  seed: { schema: z.int().min(0).max(0xffff_ffff), allowed: "a whole number, 0 to 4294967295" },
} satisfies Fields;

/** Says one problem: of which home, of which of its fields, and what. */
export type Complain = (field: string, what: string) => void;

const cut = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

/** For one line of a terminal: short, and nothing in it moves the cursor or turns the line around. */
export function shown(value: unknown): string {
  const text =
    typeof value === "string" ? JSON.stringify(cut(value)) : cut(JSON.stringify(value) ?? "missing");
  return text.replace(
    /[\p{C}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}

/** @returns null after complaints */
function fieldsOf<F extends Fields>(
  value: unknown,
  fields: F,
  at: string,
  complain: Complain,
): ValuesOf<F> | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    complain(at, `is ${shown(value)}; allowed is { … } with ${Object.keys(fields).join(", ")}`);
    return null;
  }
  let isRight = true;
  const values: Record<string, unknown> = {};
  const path = (name: string) => (at === "" ? name : `${at}.${name}`);
  for (const name of Object.keys(value)) {
    if (Object.hasOwn(fields, name)) continue;
    const meant = likely(name, Object.keys(fields));
    const hint = meant === undefined ? `known are ${Object.keys(fields).join(", ")}` : `${meant} is`;
    complain(path(shown(name).slice(1, -1)), `is no field here; ${hint}`);
    isRight = false;
  }
  for (const [name, { schema, allowed }] of Object.entries<Field>(fields)) {
    const given = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
    const result = schema.safeParse(given);
    if (result.success) values[name] = result.data;
    else {
      complain(
        path(name),
        `${given === undefined ? "is missing" : `is ${shown(given)}`}; allowed is ${allowed}`,
      );
      isRight = false;
    }
  }
  return isRight ? (values as ValuesOf<F>) : null;
}

type MeterValues = ValuesOf<typeof METER>;

/** Which fields belong to which meter. @returns whether all of them fit */
function fits(meter: MeterValues, at: string, complain: Complain): boolean {
  const { role, kind, port, firmware, calibration, keyFile, wireFrom } = meter;
  const problems: [isWrong: boolean, field: keyof MeterValues, what: string][] = [
    [kind === "serial" && !port, "port", `is missing; allowed is ${METER.port.allowed}`],
    [kind !== "serial" && !!port, "port", `is of a serial meter only, and this one is ${kind}`],
    [kind !== "simulated" && !!firmware, "firmware", `is of a simulated meter only, and this one is ${kind}`],
    [kind === "modelled" && calibration !== "", "calibration", "is of an Arduino; a modelled meter has none"],
    [role === "delivering" && !keyFile, "keyFile", `is missing; allowed is ${METER.keyFile.allowed}`],
    [
      role === "receiving" && !!keyFile,
      "keyFile",
      "is of a delivering meter only: a receiving one signs nothing",
    ],
    [role === "delivering" && !!wireFrom, "wireFrom", `is not allowed here; it is ${METER.wireFrom.allowed}`],
    [
      role === "receiving" && kind !== "serial" && !wireFrom,
      "wireFrom",
      `is missing; allowed is ${METER.wireFrom.allowed}`,
    ],
  ];
  for (const [isWrong, field, what] of problems) if (isWrong) complain(`${at}.${field}`, what);
  return !problems.some(([isWrong]) => isWrong);
}

function metersOf(list: unknown[], complain: Complain) {
  const metersRead = list.map((value, i) => {
    const at = `meters[${i}]`;
    const meter = fieldsOf(value, METER, at, complain);
    return meter && fits(meter, at, complain) ? meter : null;
  });
  if (metersRead.includes(null)) return null;
  const meters = metersRead as MeterValues[];
  const delivering = meters.filter(({ role }) => role === "delivering");
  if (delivering.length !== 1) {
    const what = delivering.length === 0 ? "has a receiving meter alone" : "has two delivering meters";
    complain("meters", `${what}; allowed is ${HOME.meters.allowed}`);
    return null;
  }
  const common = ({ kind, port, firmware, calibration }: MeterValues) => ({
    kind,
    port: port ?? null,
    firmware: firmware ?? null,
    calibration,
  });
  const receiving = meters.find(({ role }) => role === "receiving");
  const meter: MeterSettings = { ...common(delivering[0]!), keyFile: delivering[0]!.keyFile! };
  const receivingMeter: ReceivingMeterSettings | null = receiving
    ? { ...common(receiving), wireFrom: receiving.wireFrom ?? null }
    : null;
  return { meter, receivingMeter };
}

/** @returns null after complaints */
export function homeOf(value: unknown, complain: Complain): HomeSettings | null {
  const home = fieldsOf(value, HOME, "", complain);
  if (!home) return null;
  const meters = metersOf(home.meters, complain);
  if (!meters) return null;
  const { name, account = null } = home;
  const isModelled = meters.meter.kind === "modelled";
  if (!isModelled && home.house != null) {
    complain(
      "house",
      `is of a home whose delivering meter is modelled, and this one's is ${meters.meter.kind}`,
    );
    return null;
  }
  const house = isModelled ? fieldsOf(home.house, HOUSE, "house", complain) : null;
  return isModelled && !house ? null : { name, account, ...meters, house };
}
