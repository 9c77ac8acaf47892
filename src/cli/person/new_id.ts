/** Makes readable ids of texts. Pure. */

/** Most characters of an id that is made of a text, without the number that makes it unique. */
const MAX_CHARACTERS = 40;

/** The id of a text that has no letters or digits. */
const WITHOUT_WORDS = "task";

/**
 * The ids to try for a text, in order: its first words with hyphens, then with 2, 3 and so on at the end. Letters of every
 * script stay; accents and capitals do not.
 *
 * @example Array.from(idsFrom("Fix the login, now!", 2)) // ["fix-the-login-now", "fix-the-login-now-2"]
 */
export function* idsFrom(text: string, most: number): Iterable<string> {
  const base = wordsOf(text);
  for (let number = 1; number <= most; number++) yield number === 1 ? base : `${base}-${number}`;
}

function wordsOf(text: string): string {
  const plain = text.normalize("NFKD").replaceAll(
    /(?<=\p{Script=Latin})\p{M}+|['’]|\p{Default_Ignorable_Code_Point}/gu,
    "",
  )
    .normalize("NFC").toLowerCase();
  let id = "";
  for (const [word] of plain.matchAll(/[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu)) {
    const longer = id === "" ? firstOf(word) : `${id}-${word}`;
    if (longer.length > MAX_CHARACTERS) break;
    id = longer;
  }
  return id === "" ? WITHOUT_WORDS : id;
}

/** The beginning of a word that may be longer than an id, without half a character. */
function firstOf(word: string): string {
  let first = "";
  for (const character of word) {
    if (first.length + character.length > MAX_CHARACTERS) break;
    first += character;
  }
  return first;
}
