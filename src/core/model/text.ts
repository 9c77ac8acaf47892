/** Cutting texts. */

/** The beginning of a text, never ending within a character. */
export function head(text: string, characters: number): string {
  if (text.length <= characters) return text;
  const last = text.charCodeAt(characters - 1);
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? characters - 1 : characters);
}

/** A text of at most so many characters; where it is cut, the last of these is an ellipsis. */
export function shortened(text: string, characters: number): string {
  return text.length <= characters ? text : head(text, characters - 1) + "…";
}
