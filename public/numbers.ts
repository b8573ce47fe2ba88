/**
 * Numbers as people type and paste them. The rule:
 *
 * 1. Full-width digits and signs of a Korean keyboard are the plain ones; spaces around the number do not count.
 * 2. `.` alone is the decimal sign, since the page writes it so in both its languages: "1.234" is a little more than 1.
 * 3. `,` alone is the decimal sign where it can group nothing: "1,5", ",5", "0,234", "12,3456". Where it can group, it
 *    does, since the page groups by it: "1,234" is what the page writes for one thousand two hundred thirty-four.
 * 4. Of `,` and `.` together the last is the decimal sign and the other groups: "1,234.5" and "1.234,5".
 * 5. A sign that is there twice groups: "1,234,567". So do spaces and apostrophes. Groups have three digits.
 * 6. A missing part is zero (".5", "5."), zeros at the end count for nothing. No sign of plus or minus, no exponent.
 */
const GROUPS_OF_3 = (separator: string) => new RegExp(`^[1-9]\\d{0,2}(?:\\${separator}\\d{3})+$`);
const fault = (text: string) => new RangeError(`"${text}" is not a number such as 1.5`);

/** Digits that NFKC would make plain ones though they mean something else: "5²" is no 52, and "①" no 1. */
const OTHER_DIGITS = /\p{No}/u;

/** NFKC makes full-width forms plain and every kind of space a space; the ideographic full stop is not among them. */
export function plainText(text: string): string {
  if (OTHER_DIGITS.test(text)) throw fault(text);
  return text.normalize("NFKC").replace(/[。｡]/g, ".").replace(/[’‘]/g, "'").replace(/\s+/g, " ").trim();
}

/** Which of the signs in it is the decimal one, if any. */
function decimalSign(text: string): "." | "," | null {
  const [points, commas] = [text.split(".").length - 1, text.split(",").length - 1];
  if (points > 0 && commas > 0) return text.lastIndexOf(".") > text.lastIndexOf(",") ? "." : ",";
  if (points === 1) return ".";
  if (commas === 1) return /^[1-9]\d{0,2},\d{3}$/.test(text) ? null : ",";
  return null;
}

function ungrouped(whole: string, text: string): string {
  if (/^\d*$/.test(whole)) return whole;
  const separator = [" ", "'", ",", "."].find((sign) => whole.includes(sign));
  if (!separator || !GROUPS_OF_3(separator).test(whole)) throw fault(text);
  return whole.split(separator).join("");
}

/**
 * What was typed as a plain decimal, such as "1234.5".
 * @throws RangeError when it is no number, or could mean two
 */
export function readNumber(text: string): string {
  const plain = plainText(text);
  const sign = decimalSign(plain);
  const at = sign ? plain.lastIndexOf(sign) : -1;
  const whole = at < 0 ? plain : plain.slice(0, at);
  const fraction = at < 0 ? "" : plain.slice(at + 1);
  if (!/^\d*$/.test(fraction)) throw fault(text);
  const digits = ungrouped(whole, text);
  if (digits === "" && fraction === "") throw fault(text);
  const significant = fraction.replace(/0+$/, "");
  return `${digits || "0"}${significant && `.${significant}`}`;
}

/** A number and what stands behind it: "1.5 kWh" is ["1.5", "kWh"]. */
export function splitUnit(text: string): [number: string, unit: string] {
  const plain = plainText(text);
  const unit = /[a-z][a-z/]*$/i.exec(plain)?.[0] ?? "";
  return [plain.slice(0, plain.length - unit.length).trim(), unit];
}
