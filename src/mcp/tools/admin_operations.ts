/** Tokens and the audit: operations for admins of the other surfaces. They are no MCP tools, as no agent needs them. */

import * as z from "zod";
import { readAudit } from "../../app/audit.ts";
import { parseTime } from "../../app/time.ts";
import { issueNamedToken } from "../../app/sign_in.ts";
import { requireType } from "../../core/messages/history.ts";
import { ROLES } from "../../core/model/access.ts";
import { Refusal } from "../../core/model/refusal.ts";
import type { TokenView } from "../../core/model/token.ts";
import type { Notification } from "../../core/messages/notifications.ts";
import { isoTime } from "../../core/model/text.ts";
import type { Json } from "../page.ts";
import { adds, defineTool, reads, removes, type Tool } from "../tool.ts";
import { historyAnswer, momentOf, periodShape } from "./history_page.ts";
import { defined, names, taskId } from "./task_arguments.ts";

/** Entries of a page of the audit: the default of `limit`, and its maximum. */
const DEFAULT_ENTRIES = 100;
const MAX_ENTRIES = 1_000;

/** Most characters of a page of the audit; its first entry is always whole. */
const MAX_AUDIT_CHARACTERS = 1_000_000;

export const ADMIN_OPERATIONS: readonly Tool[] = [
  defineTool({
    name: "list_tokens",
    description: "Return the tokens that were not revoked, in the order in which they were issued. For admins.",
    input: {},
    annotations: reads,
    async run(_, { query }) {
      const tokens = await query({ type: "list_tokens" });
      return { json: { tokens: tokens.map(presentToken) } };
    },
  }),
  defineTool({
    name: "issue_token",
    description:
      "Issue a token. secret is shown only now, and not by a repeat of the request: its holder sends it as bearer. For " +
      "admins.",
    input: {
      name: z.string().describe("Its name in lists and in the audit"),
      role: z.enum(ROLES),
      instance_id: z.string().optional().describe("The only instance that its holder may be"),
      audiences: names.optional().describe("The audiences whose groups it sees; default: all"),
      expires: z.string().optional().describe("ISO 8601, or a duration from now like P30D; default: never"),
    },
    annotations: adds,
    isForOthers: true,
    async run({ name, role, instance_id: instance, audiences, expires }, { execute, now }) {
      const expiresAt = expires === undefined ? undefined : parseTime(expires, "expires", { now: now(), day: "end" });
      const settings = { name, role, ...defined({ instance, audiences, expiresAt }) };
      const { secret, token } = await issueNamedToken(execute, settings);
      return { json: { ...presentToken(token), secret } };
    },
  }),
  defineTool({
    name: "revoke_token",
    description: "Revoke a token: it is refused at once, everywhere. For admins.",
    input: { name: z.string() },
    annotations: removes,
    async run({ name }, { execute }) {
      return { json: await execute({ type: "revoke_token", name }) };
    },
  }),
  defineTool({
    name: "get_audit",
    description:
      "Return every command and every refused call, with who made it: the newest, or with `since` the first ones after " +
      "it. Each is a CloudEvent with command and request in its data. For admins.",
    input: {
      caller: z.string().optional().describe("Only what this client did or was refused"),
      token: z.string().optional().describe("Only what holders of this token did or were refused"),
      task_id: taskId.optional(),
      instance_id: z.string().optional(),
      type: names.optional().describe("Like task.completed"),
      denied: z.boolean().optional().describe("Only refused calls"),
      ...periodShape,
      limit: z.int().min(1).max(MAX_ENTRIES).optional(),
    },
    annotations: reads,
    isForOthers: true,
    async run({ caller, token, task_id, instance_id, since, until, limit = DEFAULT_ENTRIES, ...rest }, context) {
      const { engine, query, now } = context;
      const page = await readAudit({ engine, query }, {
        ...defined({
          actor: caller,
          token,
          task: task_id,
          instance: instance_id,
          types: typesOf(rest),
          since: momentOf(since, "since", now),
          until: momentOf(until, "until", now),
        }),
        limit,
        maxSize: MAX_AUDIT_CHARACTERS,
        sizeOf: (event: Notification) => JSON.stringify(event).length,
      });
      return historyAnswer(page, { since, events: page.events });
    },
  }),
];

function typesOf({ type, denied }: { type?: readonly string[] | undefined; denied?: boolean | undefined }) {
  if (denied !== true) return type?.map(requireType);
  if (type === undefined) return ["access.denied" as const];
  throw new Refusal("invalid_value", "Cannot select refused calls of a type: give type or denied, not both");
}

function presentToken({ createdAt, expiresAt, ...token }: TokenView): Json {
  return {
    ...token,
    createdAt: isoTime(createdAt),
    ...(expiresAt !== undefined && { expiresAt: isoTime(expiresAt) }),
  };
}
