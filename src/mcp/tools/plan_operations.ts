/** The whole plan for clients that draw it: an operation of the other surfaces, as no agent reads columns. */

import * as z from "zod";
import { MAX_TIME_MS } from "../../core/model/limits.ts";
import { isoTime } from "../../core/model/text.ts";
import { defineTool, reads, type Tool } from "../tool.ts";
import { defined } from "./task_arguments.ts";

const TIME = z.int().min(0).max(MAX_TIME_MS);

/** Attempts of a page. */
const MAX_ATTEMPTS = 10_000;
const DEFAULT_ATTEMPTS = 1_000;

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
  defineTool({
    name: "get_attempt_rows",
    description:
      "Return the attempts of all tasks that the caller sees as columns, the newest start first. docs/rest.md has the columns.",
    input: {
      since: TIME.optional().describe("Only attempts that ran then or later, in milliseconds since the Unix epoch"),
      until: TIME.optional().describe("Only attempts that began before, in milliseconds since the Unix epoch"),
      limit: z.int().min(1).max(MAX_ATTEMPTS).optional().describe(`Default ${DEFAULT_ATTEMPTS}`),
      cursor: z.string().optional().describe("next of the previous page"),
    },
    annotations: reads,
    async run({ limit = DEFAULT_ATTEMPTS, ...page }, { query }) {
      const rows = await query({ type: "list_attempts", limit, ...defined(page) });
      return { json: { ...rows, now: isoTime(rows.now) } };
    },
  }),
];
