/** Reads Markdown. A script of its own, which the page loads with the first text: so the first page is small. */

export { lexer } from "marked";
