/** Reads the text of a handlers file. Whatever is wrong with it is told with its place and what would work. */

import * as z from "zod";
import { findType } from "../core/messages/history.ts";
import { NOTIFICATION_TYPES, type NotificationType } from "../core/messages/notifications.ts";
import { ROLES } from "../core/model/access.ts";
import { MAX_ID_CHARACTERS, MAX_NAMES } from "../core/model/limits.ts";
import { Refusal } from "../core/model/refusal.ts";
import { meantBy } from "../core/model/resembling.ts";
import { checkId, printable } from "../core/model/values.ts";
import type { Handler } from "./handler.ts";

/** Most handlers of a file. Each runs one command at a time. */
export const MAX_HANDLERS = 32;

/** How long a run may take, in milliseconds: the default of `timeout_ms`, and its maximum. */
export const DEFAULT_TIMEOUT_MS = 60_000;
export const MAX_TIMEOUT_MS = 60 * 60 * 1_000;

/** A handler that ran for these would be run by its own failure. */
const UNHANDLED: readonly NotificationType[] = ["handler.failed"];

/** What only admins see. A handler with audiences would never get it. */
const ADMIN_TYPE = /^(token|access|webhook|handler)\./;

const handler = z.strictObject({
  on: z.array(z.string()).min(1),
  group: z.string().optional(),
  role: z.enum(ROLES).default("worker"),
  audiences: z.array(z.string().min(1)).min(1).max(MAX_NAMES).optional(),
  run: z.tuple([z.string().min(1)], z.string()),
  name: z.string().optional(),
  timeout_ms: z.int().min(1).max(MAX_TIMEOUT_MS).default(DEFAULT_TIMEOUT_MS),
  from_handlers: z.boolean().default(false),
});

const FIELDS = Object.keys(handler.shape);

/** What each field takes. */
const TAKES: Readonly<Record<string, string>> = {
  on: 'a list of event types, like ["task.failed"]',
  group: "the id of a group",
  role: `one of ${ROLES.join(", ")}`,
  audiences: `a list of 1 to ${MAX_NAMES} audiences`,
  run: 'a list of the command and its arguments, like ["deno", "run", "chat.ts"]',
  name: "a text",
  timeout_ms: `a whole number of milliseconds from 1 to ${MAX_TIMEOUT_MS}`,
  from_handlers: "true or false",
} satisfies Record<keyof typeof handler.shape, string>;

/**
 * Reads the handlers of a file.
 *
 * @param file its path, for messages
 * @throws Refusal `invalid_value`
 */
export function parseHandlers(text: string, file: string): readonly Handler[] {
  const list = readJson(text, file);
  if (!Array.isArray(list) || list.length === 0) {
    throw wrong(file, `it must be a list of handlers, like [{"on": ["task.failed"], "run": ["./notify.sh"]}]`);
  }
  if (list.length > MAX_HANDLERS) {
    throw wrong(file, `it has ${list.length} handlers; at most ${MAX_HANDLERS} are allowed`);
  }
  const handlers = list.map((each: unknown, index) => readHandler(each, `${file}, handler ${index + 1}`));
  for (const [index, { name }] of handlers.entries()) {
    const first = handlers.findIndex((other) => other.name === name);
    if (first === index) continue;
    throw wrong(file, `handlers ${first + 1} and ${index + 1} are both named ${name}: give each a name of its own`);
  }
  return handlers;
}

function readJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw wrong(file, `it is not JSON: ${cause instanceof Error ? cause.message : cause}`);
  }
}

function readHandler(value: unknown, place: string): Handler {
  const parsed = handler.safeParse(value);
  if (!parsed.success) throw wrong(place, parsed.error.issues.map(describeIssue).join("; "));
  const { on, group, audiences, role, run, timeout_ms: timeoutMs, from_handlers: fromHandlers } = parsed.data;
  const types = on.map((text, index) => readType(text, `${place}, on[${index}]`));
  const name = parsed.data.name ?? run.join(" ").replaceAll(/\s+/g, " ").trim().slice(0, MAX_ID_CHARACTERS);
  try {
    checkId(name, "Handler name");
    if (group !== undefined) checkId(group, "Group id");
  } catch (error) {
    if (error instanceof Refusal) throw wrong(place, error.message);
    throw error;
  }
  if (audiences !== undefined) checkAudiences(types, role, place);
  return {
    name,
    on: types,
    ...(group !== undefined && { group }),
    role,
    ...(audiences !== undefined && { audiences }),
    run,
    timeoutMs,
    fromHandlers,
  };
}

function readType(text: string, place: string): NotificationType {
  const type = findType(text);
  const known = NOTIFICATION_TYPES.filter((each) => !UNHANDLED.includes(each));
  if (type !== undefined && !UNHANDLED.includes(type)) return type;
  if (type !== undefined) throw wrong(place, `no handler gets ${type}, as its own failure would run it again`);
  const meant = meantBy(text, known);
  throw wrong(
    place,
    `there is no event type ${printable(text)}${meant === undefined ? "" : ` (${meant}?)`}: there are ${
      known.join(", ")
    }`,
  );
}

function checkAudiences(types: readonly NotificationType[], role: Handler["role"], place: string): void {
  const hidden = types.find((type) => ADMIN_TYPE.test(type));
  if (hidden !== undefined) throw wrong(place, `only admins see ${hidden}: leave audiences or ${hidden} out`);
  if (role === "admin") throw wrong(place, "an admin sees all groups: leave audiences out, or give another role");
}

function describeIssue(issue: z.core.$ZodIssue): string {
  if (issue.code === "unrecognized_keys") {
    const [key = ""] = issue.keys;
    const meant = meantBy(key, FIELDS);
    return `there is no field ${printable(key)}${meant === undefined ? "" : ` (${meant}?)`}: there are ${
      FIELDS.join(", ")
    }`;
  }
  const [field] = issue.path;
  return field === undefined
    ? "it must be an object with on and run"
    : `${String(field)} takes ${TAKES[String(field)]}`;
}

function wrong(place: string, why: string): Refusal {
  return new Refusal("invalid_value", `Cannot use the handlers of ${place}: ${why}`);
}
