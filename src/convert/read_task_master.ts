/** Reads the `tasks.json` of Task Master: lists of tasks by tag, or one list in the older form. */

import * as z from "zod";
import { MAX_TITLE_BYTES } from "../core/model/limits.ts";
import { utf8Bytes } from "../core/model/values.ts";
import { type Losses, notOf } from "./converted.ts";

/** Deepest nesting of subtasks. */
const MAX_DEPTH = 50;

const id = z.union([z.string(), z.number()]).transform(String);

const word = z.string().transform((text) => text.toLowerCase());

const taskSchema = z.looseObject({
  id,
  title: z.string().default(""),
  description: z.string().nullish(),
  status: word.default("pending"),
  priority: word.nullish(),
  dependencies: z.array(id).nullish(),
  subtasks: z.array(z.unknown()).nullish(),
});

/** The fields of a task that are read. */
export const READ_FIELDS: readonly string[] = Object.keys(taskSchema.shape);

const listSchema = z.looseObject({ tasks: z.array(z.unknown()) });

const metadataSchema = z.looseObject({ description: z.string().nullish() });

export interface Task {
  readonly fields: z.infer<typeof taskSchema>;
  readonly subtasks: readonly Task[];
}

export interface TaggedList {
  /** Undefined in the older form. */
  readonly tag: string | undefined;
  readonly title?: string;
  readonly tasks: readonly Task[];
}

/** @throws SyntaxError if the text is no such file; the message says where */
export function readLists(text: string, losses: Losses): readonly TaggedList[] {
  const value = z.record(z.string(), z.unknown()).safeParse(parseJson(text)).data;
  if (value === undefined) throw notOf("Task Master", "it is no object of tags");
  if (Array.isArray(value["tasks"])) return [{ tag: undefined, tasks: readList(value, "tasks", losses).tasks }];
  return Object.entries(value).map(([tag, list]) => ({ tag, ...readList(list, tag, losses) }));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw notOf("Task Master", `it is not JSON, ${cause instanceof Error ? cause.message : cause}`);
  }
}

function readList(value: unknown, tag: string, losses: Losses): Omit<TaggedList, "tag"> {
  const { tasks, metadata, ...others } = parse(listSchema, value, [tag]);
  for (const field of Object.keys(others)) losses.note(`The field ${field} of a tag`, tag);
  const title = metadataSchema.safeParse(metadata).data?.description ?? "";
  const fits = utf8Bytes(title) <= MAX_TITLE_BYTES;
  if (!fits) losses.note(`Descriptions of tags of more than ${MAX_TITLE_BYTES} bytes`, tag);
  return {
    tasks: tasks.map((task, index) => readTask(task, [tag, "tasks", index])),
    ...(fits && title !== "" && { title }),
  };
}

function readTask(value: unknown, path: readonly PropertyKey[], depth = 1): Task {
  if (depth > MAX_DEPTH) throw notOf("Task Master", `subtasks are nested more than ${MAX_DEPTH} deep: flatten them`);
  const fields = parse(taskSchema, value, path);
  const subtasks = fields.subtasks ?? [];
  return { fields, subtasks: subtasks.map((each, index) => readTask(each, [...path, "subtasks", index], depth + 1)) };
}

function parse<Value>(schema: z.ZodType<Value>, value: unknown, path: readonly PropertyKey[]): Value {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw notOf("Task Master", `at ${[...path, ...issue?.path ?? []].join(".")}: ${issue?.message}`);
}
