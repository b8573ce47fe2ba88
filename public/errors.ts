/** A reverted call as a sentence: the custom error is looked for, decoded by the contracts' ABI and told in words. */

import type { Decoded, ErrorName } from "../chain/codec";
import { revertData } from "../common/revert-data";
import { duration, energy, nwt, price, shortHex } from "./format";
import { type Translate, translator } from "./i18n";

/** An argument of a custom error as people read it: its unit is in its name. */
function readable(name: string, value: unknown, error: ErrorName, language: string): string {
  if (typeof value !== "bigint")
    return typeof value === "string" && value.startsWith("0x") ? shortHex(value) : String(value);
  if (/milliWh$/i.test(name)) return energy(value, language);
  if (name === "pricePerKWh") return price(value, language);
  if (name === "refundableAt")
    return new Intl.DateTimeFormat(language, { dateStyle: "short", timeStyle: "medium" }).format(
      Number(value) * 1000,
    );
  if (error === "InvalidDeliveryWindow" || error === "InvalidGracePeriod")
    return duration(Number(value), language);
  if (error === "InsufficientBalance") return String(value);
  if (
    /^(expected|received|payment|maxPayment|balance|needed|allowance|tokens|requested|available|value)$/.test(
      name,
    )
  )
    return nwt(value, language);
  return String(value);
}

export function errorSentence(decoded: Decoded<ErrorName>, language: "en" | "ko"): string {
  const t: Translate = translator(language);
  const values = Object.entries(decoded.args).map(([name, value]) => [
    name,
    readable(name, value, decoded.name, language),
  ]);
  return t(`error.${decoded.name}`, Object.fromEntries(values));
}

/** Why a call would fail, in words; null when `error` is not a revert. */
export async function revertSentence(error: unknown, language: "en" | "ko"): Promise<string | null> {
  const data = revertData(error);
  if (data === null) {
    const message = (error as { message?: unknown } | null)?.message;
    return typeof message === "string" && /execution reverted/i.test(message)
      ? translator(language)("error.unknown", { data: "0x" })
      : null;
  }
  const { decodeError, decodeReason } = await import("../chain/codec");
  const decoded = decodeError(data);
  if (decoded) return errorSentence(decoded, language);
  return decodeReason(data) ?? translator(language)("error.unknown", { data: data.slice(0, 10) });
}
