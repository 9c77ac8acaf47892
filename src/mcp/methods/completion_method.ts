/** Completes the ids of tasks and groups in the URIs of resources. */

import * as z from "zod";
import { lazy } from "../../core/model/lazy.ts";
import { GROUP_TEMPLATE, TASK_TEMPLATE } from "../resources.ts";
import { defineMethod } from "./method.ts";

/** Most completions in an answer. The protocol allows 100. */
const MAX_COMPLETIONS = 100;

const CompleteParams = lazy(() =>
  z.object({
    ref: z.discriminatedUnion("type", [
      z.object({ type: z.literal("ref/prompt"), name: z.string() }),
      z.object({ type: z.literal("ref/resource"), uri: z.string() }),
    ]),
    argument: z.object({ name: z.string(), value: z.string() }),
  })
);

export const COMPLETION_METHOD = defineMethod(
  "completion/complete",
  CompleteParams,
  async ({ ref, argument }, { query }) => {
    const uri = ref.type === "ref/resource" && argument.name === "id" ? ref.uri : "";
    const kind = uri === TASK_TEMPLATE ? "task" : uri === GROUP_TEMPLATE ? "group" : undefined;
    const ids = kind === undefined
      ? []
      : await query({ type: "complete_id", kind, prefix: argument.value, limit: MAX_COMPLETIONS + 1 });
    return { completion: { values: ids.slice(0, MAX_COMPLETIONS), hasMore: ids.length > MAX_COMPLETIONS } };
  },
);
