/** The prompt methods: list, and get with arguments filled in. */

import * as z from "zod";
import { lazy } from "../../core/model/lazy.ts";
import { getPrompt, PROMPTS } from "../prompts.ts";
import { isFields, withoutNulls } from "../read_arguments.ts";
import { defineMethod, type Method, noParams } from "./method.ts";

const GetParams = lazy(() =>
  z.object({
    name: z.string(),
    arguments: z.preprocess(
      (args) => isFields(args) ? withoutNulls(args) : args,
      z.record(z.string(), z.string()).optional(),
    ),
  })
);

export const PROMPT_METHODS: readonly Method[] = [
  defineMethod("prompts/list", noParams, () => ({ prompts: [...PROMPTS] })),
  defineMethod("prompts/get", GetParams, ({ name, arguments: args = {} }) => getPrompt(name, args)),
];
