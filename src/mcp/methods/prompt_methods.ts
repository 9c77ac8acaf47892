/** The prompt methods: list, and get with arguments filled in. */

import { z } from "zod";
import { getPrompt, PROMPTS } from "../prompts.ts";
import { isFields, withoutNulls } from "../read_arguments.ts";
import { defineMethod, type Method } from "./method.ts";

const GetParams = z.object({
  name: z.string(),
  arguments: z.preprocess(
    (args) => isFields(args) ? withoutNulls(args) : args,
    z.record(z.string(), z.string()).optional(),
  ),
});

export const PROMPT_METHODS: readonly Method[] = [
  defineMethod("prompts/list", z.object({}), () => ({ prompts: [...PROMPTS] })),
  defineMethod("prompts/get", GetParams, ({ name, arguments: args = {} }) => getPrompt(name, args)),
];
