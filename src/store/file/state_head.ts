/**
 * Reads from `state.json` all but its lists, in slices: each new checkpoint is compared with the one in place, and the
 * lists may have many megabytes. The digest is checked over the whole file.
 */

import { type Disk, readChunks } from "./disk.ts";
import { sha256Stream } from "./hash.ts";
import { LINE_FEED } from "./segments.ts";
import { endOf, parseHead, readStateFile, STATE_FILE, type StateFile } from "./state_file.ts";
import { nextTurn } from "./turn.ts";

/** The bytes of the last line with its line feed. */
const END_BYTES = endOf("0".repeat(64)).length;

/** As `readStateFile`, without groups, instances and templates, and yielding to the event loop between chunks. */
export async function readStateHead(disk: Disk, directory: string): Promise<StateFile> {
  return await readOwn(disk, `${directory}/${STATE_FILE}`) ?? readStateFile(disk, directory);
}

/** Undefined if the file is missing, damaged, or in the form of another version. */
async function readOwn(disk: Disk, path: string): Promise<StateFile | undefined> {
  const bodyBytes = (disk.identity(path)?.sizeBytes ?? 0) - END_BYTES;
  const hash = sha256Stream();
  let file: StateFile | undefined;
  let end = "";
  let offset = 0;
  for (const chunk of readChunks(disk, path)) {
    if (offset === 0) file = parseHead(chunk.subarray(0, chunk.indexOf(LINE_FEED)));
    if (file?.type !== "known") return undefined;
    const body = chunk.subarray(0, Math.max(0, bodyBytes - offset));
    for (const line of linesIn(body)) hash.update(line);
    end += new TextDecoder().decode(chunk.subarray(body.length));
    offset += chunk.length;
    await nextTurn();
  }
  hash.update("}");
  return end === endOf(hash.digest()) ? file : undefined;
}

/** The parts between line feeds. */
function* linesIn(bytes: Uint8Array): Iterable<Uint8Array> {
  let start = 0;
  for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, start)) {
    yield bytes.subarray(start, end);
    start = end + 1;
  }
  yield bytes.subarray(start);
}
