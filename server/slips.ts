/** Finds slips of the pen in setting names: in an environment full of others' names, a list of ours is not enough. */

/** One letter from HOMES, and in every environment. */
const EVERY_SHELLS = "HOME";

/** Which of `ours` was most likely meant by `name`, in letters of whatever case; undefined when none is near. */
export const likely = (name: string, ours: string[]): string | undefined =>
  ours.find((one) => distance(name.toLowerCase(), one.toLowerCase()) <= (one.length < 6 ? 1 : 2));

/** One complaint for each of `names` that is unknown and yet most likely meant to be one of `known`. */
export function slips(names: string[], isKnown: (name: string) => boolean, ours: string[]): string[] {
  return names
    .filter((name) => name !== EVERY_SHELLS && !isKnown(name))
    .flatMap((name) => {
      const meant = likely(name, ours);
      // HOSTS, PORTS and the like are no slips of four letters, they are other programs' words.
      if (meant === undefined || (meant.length < 5 && name.length !== meant.length)) return [];
      return [`${name} is not a setting; ${meant} is: correct or unset it`];
    });
}

/** Damerau-Levenshtein distance (optimal string alignment); anything above 2 is just "far". */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3;
  const rows = Array.from({ length: a.length + 1 }, (_, i) => [i, ...Array<number>(b.length).fill(0)]);
  for (let j = 0; j <= b.length; j++) rows[0]![j] = j;
  for (let i = 1; i <= a.length; i++)
    for (let j = 1; j <= b.length; j++) {
      const swap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      rows[i]![j] = Math.min(
        rows[i - 1]![j]! + 1,
        rows[i]![j - 1]! + 1,
        rows[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1),
        swap ? rows[i - 2]![j - 2]! + 1 : Number.POSITIVE_INFINITY,
      );
    }
  return rows[a.length]![b.length]!;
}
