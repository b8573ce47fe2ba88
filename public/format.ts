/**
 * Figures as people read them, in their language, without floating point for energy and money. Display cuts off and
 * never rounds up: nobody is shown money that is not there.
 */
import { BASE_UNITS, formatDecimal, parseDecimal } from "../common/units";
import { readNumber, splitUnit } from "./numbers";

export type EnergyUnit = "mWh" | "Wh" | "kWh";
export const ENERGY_UNITS: readonly EnergyUnit[] = ["mWh", "Wh", "kWh"];
/** Decimal places of each unit above one milliwatt-hour. */
const DECIMALS: Record<EnergyUnit, number> = { mWh: 0, Wh: 3, kWh: 6 };
const TOKEN_DECIMALS = BASE_UNITS.toString().length - 1;

/** Groups the whole part as the language does and uses its decimal sign. */
export function localeDecimal(plain: string, language: string): string {
  const [whole = "0", fraction] = plain.split(".");
  const sign = whole.startsWith("-") ? "-" : "";
  const grouped = new Intl.NumberFormat(language).format(BigInt(whole.replace("-", "")));
  if (fraction === undefined) return sign + grouped;
  const point = new Intl.NumberFormat(language).formatToParts(1.5).find((part) => part.type === "decimal");
  return `${sign}${grouped}${point?.value ?? "."}${fraction}`;
}

/** 20n is "20 mWh", 1500n is "1.5 Wh", 2500000n is "2.5 kWh". */
export function energy(milliWh: bigint, language: string): string {
  const unit = milliWh < 1000n ? "mWh" : milliWh < 1_000_000n ? "Wh" : "kWh";
  return `${localeDecimal(formatDecimal(milliWh, DECIMALS[unit], 3), language)} ${unit}`;
}

/** To the last base unit: what is paid is what is shown. */
export const nwtExact = (baseUnits: bigint, language: string): string =>
  `${localeDecimal(formatDecimal(baseUnits, TOKEN_DECIMALS), language)} NWT`;

/** A lab's genesis gives some accounts more ether than a line can hold. */
const PLENTY = 1_000_000_000n;

/** puppeth's genesis gives each lab account 2²⁴⁹ wei: no figure of it means anything to a person. */
export const isPlenty = (wei: bigint): boolean => wei >= PLENTY * BASE_UNITS;

/** Six decimals, cut off. A smaller sum than these can show is marked, never shown as nothing. */
function coin(baseUnits: bigint, symbol: string, language: string): string {
  const smallest = BASE_UNITS / 1_000_000n;
  if (baseUnits >= PLENTY * BASE_UNITS) return `>${localeDecimal(String(PLENTY), language)} ${symbol}`;
  if (baseUnits > 0n && baseUnits < smallest) return `<${localeDecimal("0.000001", language)} ${symbol}`;
  return `${localeDecimal(formatDecimal(baseUnits, TOKEN_DECIMALS, 6), language)} ${symbol}`;
}
export const nwt = (baseUnits: bigint, language: string): string => coin(baseUnits, "NWT", language);
export const eth = (wei: bigint, language: string): string => coin(wei, "ETH", language);

/** `pricePerKWh` as it is spoken of: "120 NWT/kWh". */
export const price = (pricePerKWh: bigint, language: string): string => `${nwt(pricePerKWh, language)}/kWh`;

/** How much less than the tariff, in whole percent, cut toward zero; negative when dearer. */
export const savingPercent = (pricePerKWh: bigint, tariffPerKWh: bigint): bigint =>
  tariffPerKWh === 0n ? 0n : ((tariffPerKWh - pricePerKWh) * 100n) / tariffPerKWh;

/** A share of 0 to 1. */
export const percent = (share: number, language: string): string =>
  new Intl.NumberFormat(language, { style: "percent" }).format(share);

/** Measurements are numbers: watts, volts, amperes. */
export const measured = (value: number, unit: string, language: string): string =>
  `${new Intl.NumberFormat(language, { minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(value)} ${unit}`;

/** As units are typed. mWh and MWh differ by their case alone, so that one must be right. */
function unitNamed(name: string, otherwise: EnergyUnit): EnergyUnit {
  if (name === "") return otherwise;
  const found = ENERGY_UNITS.find(
    (unit) => unit === name || (unit !== "mWh" && unit.toLowerCase() === name.toLowerCase()),
  );
  if (!found) throw new RangeError(`"${name}" is no unit of energy here`);
  return found;
}

/**
 * What someone has typed, by the rule in `numbers.ts`. A unit behind the number counts instead of `unit`.
 * @throws RangeError: no number, finer than the unit can say, or an unknown unit
 */
export function parseEnergy(text: string, unit: EnergyUnit): bigint {
  const [number, name] = splitUnit(text);
  return parseDecimal(readNumber(number), DECIMALS[unitNamed(name, unit)]);
}

/** Tokens, or tokens per kWh, with or without their unit behind. @throws RangeError as `parseEnergy` */
export function parseNwt(text: string): bigint {
  const [number, name] = splitUnit(text);
  if (!/^(nwt(\/kwh)?)?$/i.test(name)) throw new RangeError(`"${name}" is not NWT`);
  return parseDecimal(readNumber(number), TOKEN_DECIMALS);
}
/** What to put into an input for this quantity. */
export const energyInput = (milliWh: bigint, unit: EnergyUnit): string =>
  formatDecimal(milliWh, DECIMALS[unit]);
export const nwtInput = (baseUnits: bigint): string => formatDecimal(baseUnits, TOKEN_DECIMALS);

/** The finest unit that still reads well for a quantity. */
export const unitFor = (milliWh: bigint): EnergyUnit =>
  milliWh < 10_000n ? "mWh" : milliWh < 10_000_000n ? "Wh" : "kWh";

/** 0x7099…79C8 */
export const shortHex = (hex: string): string =>
  hex.length > 12 ? `${hex.slice(0, 6)}…${hex.slice(-4)}` : hex;

export const clockTime = (atMs: number, language: string): string =>
  new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(atMs);

/** Such as "Nov 26, 09:12": for a moment that may be on another day. */
export const dayAndTime = (atMs: number, language: string): string =>
  new Intl.DateTimeFormat(language, {
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
  }).format(atMs);

/** The time of a block or a trade: with its day when that is not the day of `nowMs`, and its year when not that year. */
export function momentOf(atMs: number, nowMs: number, language: string): string {
  const [at, now] = [new Date(atMs), new Date(nowMs)];
  if (at.toDateString() === now.toDateString()) return clockTime(atMs, language);
  if (at.getFullYear() === now.getFullYear()) return dayAndTime(atMs, language);
  const date = new Intl.DateTimeFormat(language, { dateStyle: "medium" }).format(atMs);
  return `${date}, ${clockTime(atMs, language)}`;
}

/** Seconds as the largest whole unit: 300 is 5 minutes. */
export function duration(seconds: number, language: string): string {
  const [amount, unit] =
    seconds % 86400 === 0
      ? [seconds / 86400, "day"]
      : seconds % 3600 === 0
        ? [seconds / 3600, "hour"]
        : seconds % 60 === 0
          ? [seconds / 60, "minute"]
          : [seconds, "second"];
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(amount);
}
