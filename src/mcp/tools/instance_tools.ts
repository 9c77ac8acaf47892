/**
 * The tools of instances. Registering is optional; it lets tasks be routed, and finds out who is gone.
 */

import type { Heartbeat } from "../../core/messages/commands.ts";
import type { UnregisteredView } from "../../core/messages/queries.ts";
import type { InstanceView } from "../../core/model/instance.ts";
import { MAX_RECORD_TASKS, MAX_TASKS } from "../../core/model/limits.ts";
import { fit, isoTime, type Json } from "../present.ts";
import { adds, changes, defineTool, reads, type Tool } from "../tool.ts";
import { defined, instanceId, names } from "./task_arguments.ts";
import { urgentOf } from "./work_tools.ts";
import { z } from "zod";

/** Most instances that are listed. */
const MAX_LISTED = 200;

/** Most records that one call takes: as many as there are for an instance that holds all tasks there can be. */
const MAX_PARTS = MAX_TASKS / MAX_RECORD_TASKS;

export const INSTANCE_TOOLS: readonly Tool[] = [
  defineTool({
    name: "register_instance",
    description:
      "Say what you can do, to get the tasks that ask for it. With ttl_ms, you count as lost and your tasks " +
      "go to others when you make no call for so long.",
    input: {
      instance_id: instanceId,
      roles: names.optional(),
      capabilities: names.optional(),
      max_concurrent: z.int().optional().describe("Most tasks you hold at a time"),
      ttl_ms: z.int().optional(),
      metadata: z.record(z.string(), z.string()).optional(),
    },
    annotations: changes,
    async run({ instance_id, roles, capabilities, max_concurrent, ttl_ms, metadata }, { execute }) {
      const settings = defined({ roles, capabilities, maxConcurrent: max_concurrent, ttlMs: ttl_ms, metadata });
      const command = { type: "register_instance" as const, instance: instance_id, settings };
      return { json: presentHeartbeat(await execute(command)) };
    },
  }),
  defineTool({
    name: "heartbeat",
    description:
      "Say that you are alive: extends your ttl and leases, and tells of lost and urgent tasks. Every other " +
      "call of yours does that too.",
    input: { instance_id: instanceId },
    annotations: changes,
    async run({ instance_id }, { execute }) {
      const beat = () => execute({ type: "heartbeat", instance: instance_id });
      const first = await beat();
      const contact = await repeat(first, beat, ({ hasMoreLeases }) => hasMoreLeases !== true);
      // What was lost is told once.
      return { json: presentHeartbeat({ ...contact, lostTasks: first.lostTasks }) };
    },
  }),
  defineTool({
    name: "leave",
    description: "Say that you are going: your tasks go back at once. drain: finish them first, get no more.",
    input: { instance_id: instanceId, drain: z.boolean().optional() },
    isForOthers: true,
    annotations: adds,
    async run({ instance_id, drain }, { execute }) {
      const command = { type: "leave" as const, instance: instance_id, ...defined({ isDraining: drain }) };
      const go = () => execute(command);
      return {
        json: presentInstance(await repeat(await go(), go, ({ status }) => drain === true || status === "left")),
      };
    },
  }),
  defineTool({
    name: "list_instances",
    description: "Who is there and holds what, registered or not. all: those that left or were lost too.",
    input: { all: z.boolean().optional() },
    annotations: reads,
    async run({ all = false }, { query, waiting, heard }) {
      const waiters = waiting.instances();
      const { shown, total } = await query({ type: "list_instances", limit: MAX_LISTED, all, waiting: waiters });
      const instances = shown.map((each) => {
        const seenAt = Math.max(each.seenAt ?? 0, heard.at(each.id) ?? 0);
        return {
          ...presentInstance({ ...each, ...(seenAt > 0 && { seenAt }) }),
          ...(waiters.has(each.id) && { waiting: true }),
        };
      });
      return { json: { instances: fit(instances, "oldest").shown, total } };
    },
  }),
];

/** Calls again, at most `MAX_PARTS` times, until all is done that one record has no room for. */
async function repeat<A>(first: A, call: () => Promise<A>, isDone: (answer: A) => boolean): Promise<A> {
  let answer = first;
  for (let parts = 1; parts < MAX_PARTS && !isDone(answer); parts++) answer = await call();
  return answer;
}

function presentHeartbeat(contact: Heartbeat): Json {
  const { instance, status, expiresAt, holding, lostTasks, urgent, clockWarning } = contact;
  return {
    instance_id: instance,
    status: status ?? "unregistered",
    ...(expiresAt !== undefined && { expires_at: isoTime(expiresAt) }),
    holding: holding.map(({ id, attempt, leaseUntil }) => {
      return { id, attempt, ...(leaseUntil !== undefined && { leaseUntil: isoTime(leaseUntil) }) };
    }),
    ...(lostTasks.length > 0 && { lost_tasks: lostTasks }),
    ...urgentOf(urgent),
    ...(clockWarning !== undefined && { clock_warning: clockWarning }),
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
