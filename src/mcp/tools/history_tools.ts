/**
 * The tool that reads the journal.
 */

import { z } from "zod";
import { readHistory } from "../../app/history.ts";
import { fit, presentRecord } from "../present.ts";
import { defineTool, reads, type Tool } from "../tool.ts";
import { defined, taskId } from "./task_arguments.ts";

/** Records per answer: the default of `limit`, and its maximum. */
const DEFAULT_RECORDS = 50;
const MAX_RECORDS = 500;

export const HISTORY_TOOLS: readonly Tool[] = [
  defineTool({
    name: "get_history",
    description: "Return what happened, when and by whom: the newest records, or the first ones after seq `since`.",
    input: {
      task_id: taskId.optional(),
      since: z.int().min(0).optional(),
      limit: z.int().min(1).max(MAX_RECORDS).optional(),
    },
    annotations: reads,
    async run({ task_id, since, limit = DEFAULT_RECORDS }, { engine }) {
      const { records, hasMore } = await readHistory(engine, { ...defined({ task: task_id, since }), limit });
      const { shown, isCut } = fit(records.map(presentRecord), since === undefined ? "newest" : "oldest");
      return { json: { records: shown, has_more: hasMore || isCut } };
    },
  }),
];
