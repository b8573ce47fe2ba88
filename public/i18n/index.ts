/** One dictionary a language, the same keys in each: a missing one fails `tsc`. */
import { en } from "./en";
import { ko } from "./ko";

export type Key = keyof typeof en;
export type Dictionary = Record<Key, string>;
export type Language = "en" | "ko";
export const dictionaries: Record<Language, Dictionary> = { en, ko };
export const LANGUAGES: readonly Language[] = ["en", "ko"];

/** What stands in the braces of a text. */
type Values = Record<string, string | number | bigint>;
export type Translate = (key: Key, values?: Values) => string;

const fill = (text: string, values: Values): string =>
  text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));

const translate =
  (dictionary: Dictionary): Translate =>
  (key, values = {}) =>
    fill(dictionary[key], values);

const translators: Record<Language, Translate> = { en: translate(en), ko: translate(ko) };
export const translator = (language: Language): Translate => translators[language];

/** The kept choice, else the browser's first language that the page has, else English. */
export function firstLanguage(stored: string | null, preferred: readonly string[]): Language {
  if (stored === "en" || stored === "ko") return stored;
  const known = preferred.map((tag) => tag.slice(0, 2)).find((tag) => tag === "ko" || tag === "en");
  return known === "ko" ? "ko" : "en";
}
