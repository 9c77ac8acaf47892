/** The text of an MCP result as a model reads it. Throws it where the result says that the tool failed. */
export function textOf({ content, isError }) {
  const text = content.map((part) => part.text ?? "").join("\n");
  if (isError) throw new Error(text);
  return text;
}
