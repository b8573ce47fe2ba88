/**
 * How values are written as JSON, on the wire and on the disk: every bigint (energy, money, an id) is its decimal text,
 * so that no number of JavaScript ever sees one. The type of what is sent follows from the type of what is meant.
 */
export type DecimalString = string;

/** `T` as its JSON has it. */
export type Wire<T> = T extends bigint
  ? DecimalString
  : T extends readonly (infer Item)[]
    ? Wire<Item>[]
    : T extends object
      ? { [Field in keyof T]: Wire<T[Field]> }
      : T;

/** The names of the bigints in `T`, however deep. */
export type BigintField<T> = T extends readonly (infer Item)[]
  ? BigintField<Item>
  : T extends object
    ? {
        [Field in keyof T & string]: [Extract<T[Field], bigint>] extends [never]
          ? BigintField<T[Field]>
          : Field;
      }[keyof T & string]
    : never;

/** For `JSON.stringify`, which alone refuses a bigint. */
export const bigintsAsText = (_field: string, value: unknown): unknown =>
  typeof value === "bigint" ? value.toString() : value;

export const toWire = <T>(value: T): Wire<T> =>
  mapped("", value, (_field, one) => (typeof one === "bigint" ? one.toString() : one)) as Wire<T>;

/** @throws TypeError for anything but a whole number in decimal digits */
export function bigintFrom(text: unknown): bigint {
  if (typeof text === "string" && /^-?\d+$/.test(text)) return BigInt(text);
  throw new TypeError(`${JSON.stringify(text, bigintsAsText)} is not a whole number in decimal digits`);
}

/**
 * Reads what `toWire` made of any type in `All`: its fields of these names are bigints, or null.
 * @param fields the compiler wants every one of them, and no other
 * @returns a reader; it throws TypeError naming the field whose value is no number
 */
export const wireReader =
  <All>(fields: Record<BigintField<All>, true>) =>
  <T extends All>(wire: Wire<T>): T =>
    mapped("", wire, (field, value) => {
      if (!Object.hasOwn(fields, field) || value === null || value === undefined) return value;
      try {
        return bigintFrom(value);
      } catch (cause) {
        throw new TypeError(`${field}: ${(cause as TypeError).message}`, { cause });
      }
    }) as T;

/** `value` with each number, text and flag in it changed, arrays and objects made anew. */
function mapped(field: string, value: unknown, change: (field: string, value: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => mapped(field, item, change));
  if (typeof value !== "object" || value === null) return change(field, value);
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, mapped(name, inner, change)]),
  );
}
