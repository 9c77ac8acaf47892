/**
 * The file in which a service says where it listens, for commands on the same data directory. It is a hint: a service that
 * was killed leaves it behind. It counts in the directory for which it was written only, not in a copy of that.
 */

import * as z from "zod";
import { directoryPlace, type Disk, writeFile } from "./disk.ts";

/** The name of the file, in the data directory. */
export const SERVICE_FILE = "service.json";

/** What a service says about itself. */
export interface ServiceNotice {
  /** Where it serves the plan of this directory. */
  readonly url: string;
  readonly pid: number;
  /** Of the program. */
  readonly version: string;
  /** In milliseconds since the Unix epoch. */
  readonly startedAt: number;
  /** By which the service and a command know each other: see `src/app/local_key.ts`. */
  readonly key: string;
}

const fileSchema = z.object({
  url: z.url({ protocol: /^http$/ }),
  pid: z.int().positive(),
  version: z.string(),
  startedAt: z.number(),
  key: z.string().min(1),
  directory: z.string(),
});

/** Most bytes of the file: more are not read. */
const MAX_BYTES = 4 * 1024;

/**
 * Leaves the notice, in place of that of another service, until it is disposed of: the newest service of a directory is the
 * one that is used. Undefined where the system cannot tell a directory from its copy. Services that start at once write to
 * files of their own.
 */
export function leaveNotice(disk: Disk, directory: string, notice: ServiceNotice): Disposable | undefined {
  const place = directoryPlace(directory);
  if (place === undefined) return undefined;
  const path = `${directory}/${SERVICE_FILE}`;
  const fresh = `${path}.${notice.pid}-${notice.startedAt}.new`;
  try {
    writeFile(disk, fresh, new TextEncoder().encode(JSON.stringify({ ...notice, directory: place }) + "\n"));
    disk.rename(fresh, path);
  } catch (error) {
    disk.remove(fresh);
    throw error;
  }
  return {
    [Symbol.dispose]() {
      if (findNotice(disk, directory)?.key === notice.key) disk.remove(path);
    },
  };
}

/** The notice of the service that was last started on a directory; undefined if there is none. */
export function findNotice(disk: Disk, directory: string): ServiceNotice | undefined {
  const path = `${directory}/${SERVICE_FILE}`;
  if ((disk.identity(path)?.sizeBytes ?? 0) > MAX_BYTES) return undefined;
  const bytes = disk.readFile(path);
  if (bytes === undefined) return undefined;
  const { data } = fileSchema.safeParse(parse(new TextDecoder().decode(bytes)));
  if (data === undefined || data.directory !== directoryPlace(directory)) return undefined;
  const { directory: _, ...notice } = data;
  return notice;
}

/** Undefined for a text that is no JSON: the file is a hint only. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
