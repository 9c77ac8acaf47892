/** Detects a journal whose line ends were converted: all records are there, but no hash matches. */

import { Unavailable } from "../../app/ports.ts";
import { type Disk, readChunks } from "./disk.ts";
import { LINE_FEED, segmentName, segmentNumbers } from "./segments.ts";

const CARRIAGE_RETURN = 13;

/**
 * Throws if the journal's lines end in CR LF, as after a git checkout on Windows. Records contain neither character, so
 * only a conversion can have added it.
 *
 * @throws Unavailable `journal_damaged`
 */
export function refuseConvertedLines(disk: Disk, directory: string): void {
  const numbers = segmentNumbers(disk, `${directory}/journal`);
  // git converts all files; an editor may have converted the newest one alone.
  for (const number of new Set([numbers.at(0), numbers.at(-1)])) {
    const path = `${directory}/journal/${segmentName(number ?? 1)}`;
    if (number === undefined || !endsInCarriageReturn(disk, path)) continue;
    throw new Unavailable(
      "journal_damaged",
      `The lines of ${path} end in CR LF instead of LF: the file was converted, as git does at a checkout with ` +
        "core.autocrlf. Nothing is lost and nothing was changed; check it out anew with core.autocrlf=false, or convert " +
        "all files in that folder back (dos2unix)",
    );
  }
}

/** Whether the first line of a file ends in CR LF. */
function endsInCarriageReturn(disk: Disk, path: string): boolean {
  let last = 0;
  for (const bytes of readChunks(disk, path)) {
    const end = bytes.indexOf(LINE_FEED);
    if (end > 0) return bytes[end - 1] === CARRIAGE_RETURN;
    if (end === 0) return last === CARRIAGE_RETURN;
    last = bytes.at(-1) ?? last;
  }
  return false;
}
