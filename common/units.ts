/**
 * Units, in one place.
 *
 * | quantity | unit | type |
 * | --- | --- | --- |
 * | energy | milliwatt-hours (`…MilliWh`) | `bigint` |
 * | money | token base units, 10⁻¹⁸ NWT | `bigint` |
 * | price | token base units per kWh (`pricePerKWh`) | `bigint` |
 * | power, voltage, current | W, V, A | `number` |
 * | time | milliseconds since 1970 (`…AtMs`), chain time in seconds (`…AtS`) | `number`, `bigint` |
 *
 * Energy and money cross the wire as decimal strings and never pass through a floating-point number.
 */

/** One kilowatt-hour in milliwatt-hours. */
export const MILLI_WH_PER_KWH = 1_000_000n;
/** One milliwatt-hour is 3.6 J; the energy register integrates whole microjoules. */
export const MICROJOULE_PER_MILLI_WH = 3_600_000n;
/** Base units of one NWT, and wei of one ether. */
export const BASE_UNITS = 10n ** 18n;
/** The largest quantity of one offer or one trade: `uint32` on chain, 4.29 MWh. */
export const MAX_ORDER_MILLI_WH = 2n ** 32n - 1n;

/**
 * What `milliWh` cost at `pricePerKWh`, in token base units, rounded down.
 * The same formula as `EnergyTrade.paymentFor`; the contract's is the one that counts.
 */
export function paymentFor(milliWh: bigint, pricePerKWh: bigint): bigint {
  return (milliWh * pricePerKWh) / MILLI_WH_PER_KWH;
}

/**
 * Reads a decimal quantity ("1.5", 3 decimals allowed for `decimals = 3`) into an integer of its smallest unit.
 * @throws RangeError naming what is wrong: not a plain decimal number, or more decimals than the unit has.
 */
export function parseDecimal(text: string, decimals: number): bigint {
  const match = /^(\d+)(?:\.(\d+))?$/.exec(text.trim());
  if (!match) throw new RangeError(`"${text}" is not a plain decimal number such as 1.5`);
  const fraction = match[2] ?? "";
  if (fraction.length > decimals) throw new RangeError(`"${text}" has more than ${decimals} decimals`);
  return BigInt(match[1]! + fraction.padEnd(decimals, "0"));
}

/**
 * Writes an integer of the smallest unit as a plain decimal: `formatDecimal(1500n, 3)` is "1.5".
 * With `maxDecimals` the rest is cut off, never rounded up: nobody is shown money that is not there.
 */
export function formatDecimal(value: bigint, decimals: number, maxDecimals = decimals): string {
  const digits = (value < 0n ? -value : value).toString().padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits
    .slice(digits.length - decimals)
    .slice(0, maxDecimals)
    .replace(/0+$/, "");
  return `${value < 0n ? "-" : ""}${whole}${fraction ? `.${fraction}` : ""}`;
}

export const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);
export const most = (a: bigint, b: bigint): bigint => (a > b ? a : b);
