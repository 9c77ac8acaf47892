/** Titles as they are shown in one line: agents write Markdown, whose marks would only take room there. */

/** Without the marks of a heading, strong text, code and links. */
export function plainTitle(title: string): string {
  if (!/[#*`[]/.test(title)) return title;
  return title
    .replace(/^#{1,6}\s+/, "")
    .replaceAll(/\*\*([^*\s](?:[^*]*[^*\s])?)\*\*/g, "$1")
    .replaceAll(/`([^`]+)`/g, "$1")
    .replaceAll(/\[([^\[\]]+)\]\([^()\s]+\)/g, "$1");
}
