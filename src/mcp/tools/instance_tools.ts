/**
 * The tools of instances. Registering is optional: it lets an instance get tasks by role, and be found lost.
 */

import type { Heartbeat } from "../../core/messages/commands.ts";
import type { InstanceList, UnregisteredView } from "../../core/messages/queries.ts";
import type { InstanceView } from "../../core/model/instance.ts";
import { MAX_RECORD_TASKS, MAX_TASKS } from "../../core/model/limits.ts";
import { isoTime } from "../../core/model/text.ts";
import { fit, type Json } from "../page.ts";
import { presentNews } from "../present.ts";
import { presentHeld } from "../present_task.ts";
import { adds, changes, defineTool, instanceOf, reads, type Tool } from "../tool.ts";
import { defined, instanceId, names } from "./task_arguments.ts";
import { urgentOf } from "./work_tools.ts";
import * as z from "zod";

/** Most instances in a list. */
const MAX_LISTED = 200;

/** Most records that one call appends: enough for an instance that holds the largest possible number of tasks. */
const MAX_PARTS = MAX_TASKS / MAX_RECORD_TASKS;

export const INSTANCE_TOOLS: readonly Tool[] = [
  defineTool({
    name: "register_instance",
    description:
      "Register your roles and capabilities, to get tasks that require them. If you make no call for ttl_ms, you are " +
      "lost, and your tasks go to others.",
    input: {
      instance_id: instanceId,
      roles: names.optional(),
      capabilities: names.optional(),
      max_concurrent: z.int().optional().describe("Most tasks that you hold at a time"),
      ttl_ms: z.int().optional(),
      metadata: z.record(z.string(), z.string()).optional(),
    },
    annotations: changes,
    async run({ roles, capabilities, max_concurrent, ttl_ms, metadata }, context) {
      const instance = instanceOf(context);
      const settings = defined({ roles, capabilities, maxConcurrent: max_concurrent, ttlMs: ttl_ms, metadata });
      const command = { type: "register_instance" as const, instance, settings };
      return { json: presentHeartbeat(await context.execute(command)) };
    },
  }),
  defineTool({
    name: "heartbeat",
    description:
      "Extend your ttl and leases while you work, as every call of yours does. Returns what you hold (finish that " +
      "first), lost, cancelled and urgent tasks, and new notes.",
    input: { instance_id: instanceId },
    annotations: changes,
    async run(_args, context) {
      const instance = instanceOf(context);
      return { json: presentHeartbeat(await context.execute({ type: "heartbeat", instance })) };
    },
  }),
  defineTool({
    name: "leave",
    description: "Leave: your tasks go back at once. drain: true lets you finish them, but claim no more.",
    input: { instance_id: instanceId, drain: z.boolean().optional() },
    isForOthers: true,
    annotations: adds,
    async run({ drain }, context) {
      const instance = instanceOf(context);
      const command = { type: "leave" as const, instance, ...defined({ isDraining: drain }) };
      const go = () => context.execute(command);
      return {
        json: presentInstance(await repeat(await go(), go, ({ status }) => drain === true || status === "left")),
      };
    },
  }),
  defineTool({
    name: "list_instances",
    description: "List instances and the tasks they hold. all: true includes those that left or were lost.",
    input: { all: z.boolean().optional() },
    annotations: reads,
    async run({ all = false }, { query, waiters: waitersNow, heard }) {
      const waiters = waitersNow();
      const { shown, total } = await query({ type: "list_instances", limit: MAX_LISTED, all, waiting: waiters });
      const instances = shown.map((each) => {
        const seenAt = Math.max(each.seenAt ?? 0, heard.at(each.id) ?? 0);
        return {
          ...presentListed({ ...each, ...(seenAt > 0 && { seenAt }) }),
          ...(waiters.has(each.id) && { waiting: true }),
        };
      });
      return { json: { instances: fit(instances, "oldest").shown, total } };
    },
  }),
];

/** Repeats a call whose work does not fit into one record, until it is done: at most `MAX_PARTS` times. */
async function repeat<A>(first: A, call: () => Promise<A>, isDone: (answer: A) => boolean): Promise<A> {
  let answer = first;
  for (let parts = 1; parts < MAX_PARTS && !isDone(answer); parts++) answer = await call();
  return answer;
}

function presentHeartbeat(heartbeat: Heartbeat): Json {
  const { instance, status, expiresAt, holding, urgent, clockWarning, ...news } = heartbeat;
  return {
    instance_id: instance,
    status: status ?? "unregistered",
    ...(expiresAt !== undefined && { expires_at: isoTime(expiresAt) }),
    holding: holding.map(presentHeld),
    ...presentNews(news),
    ...urgentOf(urgent),
    ...(clockWarning !== undefined && { clock_warning: clockWarning }),
    you: instance,
  };
}

function presentListed({ isConnected, goesBackAt, ...instance }: InstanceList["shown"][number]): Json {
  return {
    ...presentInstance(instance),
    ...(isConnected === true && { connected: true }),
    ...(goesBackAt !== undefined && { goesBackAt: isoTime(goesBackAt) }),
  };
}

function presentInstance(instance: InstanceView | UnregisteredView): Json {
  const { seenAt, ...view } = instance;
  const seen = { ...(seenAt !== undefined && { seenAt: isoTime(seenAt) }) };
  if (!("registeredAt" in view)) return { ...view, ...seen };
  const { id, registeredAt, expiresAt, lostTasks, ...rest } = view;
  return {
    id,
    ...rest,
    registeredAt: isoTime(registeredAt),
    ...seen,
    ...(expiresAt !== undefined && { expiresAt: isoTime(expiresAt) }),
    ...(lostTasks !== undefined && { lostTasks }),
  };
}
