/** Lines with a right hash over a body of a test's choice, as only a newer program or a forger writes them. */

import { sha256 } from "../../../src/store/file/hash.ts";

/** The line (with line feed) of a body that follows the record with hash `previous`. */
export function forgedLine(body: unknown, previous: string): string {
  const text = JSON.stringify(body);
  return `${text.slice(0, -1)},"hash":"${sha256(previous + text)}"}\n`;
}
