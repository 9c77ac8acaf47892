/**
 * Which known name an unknown one resembles: of parameters in calls, of fields in files. It must never guess for whoever
 * wrote it: a name that resembles another is refused with that one, not taken for it.
 */

/** Longest name that is compared with others, in characters. */
const MAX_COMPARED_CHARACTERS = 64;

/** From so many characters on, a name may be one or two characters off. */
const MIN_ONE_OFF_CHARACTERS = 4;
const MIN_TWO_OFF_CHARACTERS = 6;

/** A name that begins with as many characters as this like a known one, or is a beginning of one, means that. */
const MIN_STEM_CHARACTERS = 3;
const STEM_CHARACTERS = 6;

/** The one of the names that another resembles: misspelt, singular for plural, abbreviated, or in another case. */
export function meantBy(name: string, names: readonly string[]): string | undefined {
  if (name.length > MAX_COMPARED_CHARACTERS) return undefined;
  const [closest] = names
    .map((candidate) => ({ candidate, distance: distanceOf(simplified(name), simplified(candidate)) }))
    .toSorted((one, other) => one.distance - other.distance);
  return closest !== undefined && closest.distance < Infinity ? closest.candidate : undefined;
}

/** A name in snake_case, from camelCase or kebab-case. */
export function snakeCase(name: string): string {
  return name.replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2").replaceAll(/[-. ]/g, "_").toLowerCase();
}

/** A name without what people forget or add: underscores, capitals, the plural. */
function simplified(name: string): string {
  return snakeCase(name).replaceAll("_", "").replace(/ies$/, "y").replace(/s$/, "");
}

/** How far a name is from a known one; infinite if it does not resemble it. */
function distanceOf(name: string, known: string): number {
  const distance = editDistance(name, known);
  const length = Math.min(name.length, known.length);
  const allowed = length >= MIN_TWO_OFF_CHARACTERS ? 2 : length >= MIN_ONE_OFF_CHARACTERS ? 1 : 0;
  if (distance <= allowed) return distance;
  const stem = name.slice(0, STEM_CHARACTERS);
  return stem.length >= MIN_STEM_CHARACTERS && known.startsWith(stem) ? distance : Infinity;
}

/**
 * How many characters must be put in, left out or replaced to make one text of another: Levenshtein's distance, by the
 * algorithm of Wagner and Fischer, a row at a time. O(product of the lengths).
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
