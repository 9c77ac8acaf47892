/**
 * Writes and reads the `tasks.json` of a checkpoint, in slices. Its SHA-256 distinguishes a file of this program from one
 * that a person or another program wrote or changed.
 */

import type { Task } from "../../core/model/task.ts";
import { type Disk, readChunks } from "./disk.ts";
import { encoded, writeDurably } from "./durable_file.ts";
import { type HashStream, sha256Stream } from "./hash.ts";
import { type CheckpointState, isUnchanged, UNFINISHED } from "./state_file.ts";
import { formatTasks, parseOwnTasks } from "./tasks_file.ts";

/** Writes the tasks durably under the unfinished name of `path`; resolves to what `state.json` records about the file. */
export async function writeOwnTasks(
  disk: Disk,
  path: string,
  tasks: readonly Task[],
): Promise<CheckpointState["tasks"]> {
  const hash = sha256Stream();
  const bytes = hashing(encoded(formatTasks(tasks)), hash);
  const { inode, sizeBytes, modifiedMs } = await writeDurably(disk, path + UNFINISHED, bytes);
  return { sha256: hash.digest(), inode, sizeBytes, modifiedMs };
}

/** The tasks of a file if it has this digest. Read in one pass, as another process may replace the file at any time. */
export function readOwnTasks(disk: Disk, path: string, digest: string): readonly Task[] | undefined {
  const hash = sha256Stream();
  try {
    const tasks = parseOwnTasks(hashing(readChunks(disk, path), hash));
    return hash.digest() === digest ? tasks : undefined;
  } catch (error) {
    // Not in the form that this program writes.
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}

/** Whether the file is missing, or one that this program wrote: with `state`, or with one of the states before it. */
export function isOwnTasksFile(disk: Disk, path: string, state: CheckpointState | undefined): boolean {
  const identity = disk.identity(path);
  if (identity === undefined) return true;
  if (state === undefined) return false;
  return isUnchanged(identity, state) || [state.tasks.sha256, ...state.previous].includes(digestOf(disk, path));
}

/** Whether the file is one that this program wrote before that of a state: a crash came before the new one took its place. */
export function isOlderTasksFile(disk: Disk, path: string, { previous }: CheckpointState): boolean {
  return disk.identity(path) !== undefined && previous.includes(digestOf(disk, path));
}

function digestOf(disk: Disk, path: string): string {
  const hash = sha256Stream();
  for (const chunk of readChunks(disk, path)) hash.update(chunk);
  return hash.digest();
}

function* hashing(chunks: Iterable<Uint8Array>, hash: HashStream): Iterable<Uint8Array> {
  for (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
}
