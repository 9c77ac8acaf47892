/** Tells of archived tasks: nothing of them is in the state, so the journal is asked. */

import { nameOf } from "../core/messages/history.ts";
import { Refusal } from "../core/model/refusal.ts";
import { type HistoryReader, readHistory } from "./history.ts";
import type { QueryOf, ResultOf } from "../core/messages/queries.ts";

/** What looking for an archived task needs of the engine and of the caller. */
export interface ArchiveReader extends HistoryReader {
  readonly query: HistoryReader["query"] & ((query: QueryOf<"has_archive">) => Promise<ResultOf<"has_archive">>);
}

/**
 * Answers a question about a task. If the task is not found as it was archived, the refusal says when.
 *
 * @throws Refusal that of `ask`, or one that says so
 */
export async function askOfTask<T>(reader: ArchiveReader, id: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof Refusal) || error.code !== "not_found") throw error;
    const archivedAt = await archivedAtOf(reader, id);
    if (archivedAt === undefined) throw error;
    throw new Refusal(
      "not_found",
      `Task ${id} not found, as it was archived at ${archivedAt}: get_history with task_id ${id} has all that happened ` +
        "to it, and create_task can use the id again",
      { ...error.data, archivedAt },
    );
  }
}

/** When the task that had an id last was archived, in ISO 8601; undefined if it was not, or if the caller may not see it. */
async function archivedAtOf({ engine, query }: ArchiveReader, id: string): Promise<string | undefined> {
  // The journal need not be searched if nothing was ever archived.
  if (!await query({ type: "has_archive" })) return undefined;
  const { events: [last] } = await readHistory({ engine, query }, {
    task: id,
    types: ["task.archived", "task.deleted"],
    limit: 1,
  });
  return last !== undefined && nameOf(last.type) === "task.archived" ? last.time : undefined;
}
