/**
 * Finds the known name that an unknown one resembles, for parameters of calls and fields of files. Callers refuse the
 * unknown name and suggest the known one; they never take one for the other.
 */

/** Longest name that is compared with others, in characters. */
const MAX_COMPARED_CHARACTERS = 64;

/** Names of at least so many characters may differ by one, or by two characters. */
const MIN_ONE_OFF_CHARACTERS = 4;
const MIN_TWO_OFF_CHARACTERS = 6;

/** A name resembles a known one if both share their first 6 characters, or if it is a beginning of 3 to 5 characters. */
const MIN_STEM_CHARACTERS = 3;
const STEM_CHARACTERS = 6;

/** The closest of `names` if `name` resembles it: misspelt, singular for plural, abbreviated, or in another case. */
export function meantBy(name: string, names: readonly string[]): string | undefined {
  return allMeantBy(name, names)[0];
}

/** Those of `names` that `name` resembles, the closest first. */
export function allMeantBy(name: string, names: readonly string[]): readonly string[] {
  if (name.length > MAX_COMPARED_CHARACTERS) return [];
  const own = simplified(name);
  return names
    .map((candidate) => ({ candidate, distance: distanceOf(own, simplified(candidate)) }))
    .filter(({ distance }) => distance < Infinity)
    .toSorted((one, other) => one.distance - other.distance)
    .map(({ candidate }) => candidate);
}

/** A name in snake_case, from camelCase or kebab-case. */
export function snakeCase(name: string): string {
  return name.replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2").replaceAll(/[-. ]/g, "_").toLowerCase();
}

/** A name without the marks that people forget or add: underscores, capitals, the plural. */
function simplified(name: string): string {
  return snakeCase(name).replaceAll("_", "").replace(/ies$/, "y").replace(/s$/, "");
}

/** The edit distance of a name from a known one; infinite if it does not resemble it. */
function distanceOf(name: string, known: string): number {
  const distance = editDistance(name, known);
  const length = Math.min(name.length, known.length);
  const allowed = length >= MIN_TWO_OFF_CHARACTERS ? 2 : length >= MIN_ONE_OFF_CHARACTERS ? 1 : 0;
  if (distance <= allowed) return distance;
  const stem = name.slice(0, STEM_CHARACTERS);
  return stem.length >= MIN_STEM_CHARACTERS && known.startsWith(stem) ? distance : Infinity;
}

/**
 * Levenshtein's distance: how many characters must be inserted, deleted or replaced to turn one text into the other. By
 * the algorithm of Wagner and Fischer, one row at a time. O(product of the lengths).
 */
export function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let index = 0; index < from.length; index++) {
    const next = [index + 1];
    for (let column = 0; column < to.length; column++) {
      const replaced = (row[column] ?? 0) + (from[index] === to[column] ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
