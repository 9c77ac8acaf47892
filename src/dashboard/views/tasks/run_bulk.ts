/** Carries out an action on many tasks. */

import { change } from "../../api/client.ts";

/** What came of an action. */
export interface BulkResult {
  readonly changed: number;
  readonly unchanged: number;
  /** The first of them, with the reason. */
  readonly refused: readonly { readonly id: string; readonly message: string }[];
  readonly refused_count: number;
}

/** Most tasks of one request, as the server has it. */
export const MAX_BATCH = 10_000;

/**
 * Carries an action out on those tasks that the server lets it. A task with dependents is deleted or archived only together
 * with them, so each request has as many tasks as the server takes.
 *
 * @param tell called after each request with what came of all so far
 * @throws ApiError of the first request that was refused as a whole; the earlier ones have been carried out
 */
export async function runBulk(
  ids: readonly string[],
  { body, tell }: { readonly body: object; readonly tell: (result: BulkResult) => void },
): Promise<void> {
  let result: BulkResult = { changed: 0, unchanged: 0, refused: [], refused_count: 0 };
  for (let start = 0; start < ids.length; start += MAX_BATCH) {
    const part = ids.slice(start, start + MAX_BATCH);
    const answer = await change<BulkResult>("PATCH", "/tasks", { ...body, ids: part, atomic: false });
    result = {
      changed: result.changed + answer.changed,
      unchanged: result.unchanged + answer.unchanged,
      refused: [...result.refused, ...answer.refused],
      refused_count: result.refused_count + answer.refused_count,
    };
    tell(result);
  }
}
