/** The whole plan for clients that draw it: an operation of the other surfaces, as no agent reads columns. */

import { z } from "zod";
import { isoTime } from "../present.ts";
import { defineTool, reads, type Tool } from "../tool.ts";
import { defined } from "./task_arguments.ts";

export const PLAN_OPERATIONS: readonly Tool[] = [
  defineTool({
    name: "get_plan_rows",
    description:
      "Return all tasks that the caller sees as columns, with their dependencies as edges. docs/rest.md has the columns.",
    input: {
      since: z.int().min(0).optional().describe(
        "The seq of an earlier answer: only tasks that may have changed since, repeats included",
      ),
    },
    annotations: reads,
    async run({ since }, { query }) {
      const rows = await query({ type: "list_rows", ...defined({ since }) });
      return { json: { ...rows, now: isoTime(rows.now) } };
    },
  }),
];
