/**
 * The tools for groups of tasks, and the one that changes many tasks at once.
 */

import type { BulkAction } from "../../core/messages/commands.ts";
import { Refusal } from "../../core/model/refusal.ts";
import { PRIORITIES } from "../../core/model/task.ts";
import { fit } from "../page.ts";
import { presentGroup, presentWholeGroup } from "../present.ts";
import { adds, changes, defineTool, noteIgnored, reads, removes, type Tool } from "../tool.ts";
import { notePause } from "./project_operations.ts";
import { clearing, defined, instanceId, settingsShape, toAssignment, withCleared } from "./task_arguments.ts";
import { filterShape, toFilter } from "./task_tools.ts";
import * as z from "zod";

/** Most groups on a page. */
const MAX_LISTED = 200;

const ACTIONS = ["cancel", "retry", "release", "delete", "archive", "prioritize", "assign", "move"] as const;

const groupId = z.string();
const title = z.string();
const maxParallel = z.int();
const preamble = z.string();
const visibleTo = z.array(z.string());

export const GROUP_TOOLS: readonly Tool[] = [
  defineTool({
    name: "create_group",
    description: "Create a group for tasks. Other tasks can depend on all of it, or on a share.",
    input: {
      group_id: groupId,
      title: title.optional(),
      max_parallel: maxParallel.optional().describe("Most of its tasks that run at a time"),
      paused: z.boolean().optional(),
      preamble: preamble.optional().describe("What its tasks share; each instance gets it with its first claim"),
      visible_to: visibleTo.optional().describe("Audiences that see it and its tasks; default all"),
    },
    annotations: adds,
    async run({ group_id, title, max_parallel, paused, preamble, visible_to }, { execute }) {
      const settings = defined({ title, maxParallel: max_parallel, paused, preamble, visibleTo: visible_to });
      return { json: presentGroup(await execute({ type: "create_group", id: group_id, settings })) };
    },
  }),
  defineTool({
    name: "update_group",
    description: "Change a group. While paused is true, none of its tasks can be claimed. clear removes settings.",
    input: {
      group_id: groupId,
      title: title.optional(),
      max_parallel: maxParallel.optional(),
      paused: z.boolean().optional(),
      preamble: preamble.optional(),
      visible_to: visibleTo.optional(),
      clear: clearing(["title", "max_parallel", "preamble", "visible_to"]),
    },
    annotations: changes,
    async run({ group_id, paused, clear, ...given }, { execute }) {
      const { title, max_parallel, preamble, visible_to } = withCleared(given, clear);
      const isPaused = paused === false ? null : paused;
      const settings = defined({
        title,
        maxParallel: max_parallel,
        paused: isPaused,
        preamble,
        visibleTo: visible_to,
      });
      return { json: presentGroup(await execute({ type: "update_group", id: group_id, settings })) };
    },
  }),
  defineTool({
    name: "delete_group",
    description: "Delete a group that has no tasks and no dependents.",
    input: { group_id: groupId },
    annotations: removes,
    async run({ group_id }, { execute }) {
      return { json: await execute({ type: "delete_group", id: group_id }) };
    },
  }),
  defineTool({
    name: "get_groups",
    description: "Return status, counts and percent of each group, or of group_id.",
    input: { group_id: groupId.optional(), cursor: z.string().optional() },
    annotations: reads,
    noteUnused: ({ group_id, cursor }) =>
      group_id === undefined ? undefined : noteIgnored({ cursor }, "a single group has no pages"),
    async run({ group_id, cursor }, { query }) {
      if (group_id !== undefined) {
        return { json: presentWholeGroup(await query({ type: "get_group", id: group_id })) };
      }
      const first = cursor === undefined ? 0 : readCursor(cursor);
      const { groups, total } = await query({ type: "list_groups", skip: first, limit: MAX_LISTED });
      const { shown } = fit(groups.map(presentGroup), "oldest");
      const next = first + shown.length;
      const paused = notePause(await query({ type: "get_project" }));
      return { json: { groups: shown, total, ...(next < total && { next_cursor: String(next) }), ...paused } };
    },
  }),
  defineTool({
    name: "update_tasks",
    description: "Apply one action to every task that matches the filter or ids, all or none. atomic: false changes " +
      "those that it can, and lists the others. prioritize needs to_priority; assign and move need to_assign (without not_by, " +
      "it keeps that) and to_group, or clear.",
    input: {
      action: z.enum(ACTIONS),
      ...filterShape,
      ids: z.array(z.string()).optional(),
      to_priority: z.enum(PRIORITIES).optional(),
      to_assign: settingsShape.assign_to,
      to_group: groupId.optional(),
      clear: clearing(["to_assign", "to_group"]),
      reason: z.string().optional(),
      atomic: z.boolean().optional(),
      instance_id: instanceId,
    },
    isBrief: true,
    annotations: removes,
    async run(args, { execute, instance }) {
      const { action, ids, to_priority, to_assign, to_group, clear, reason, atomic = true, instance_id: _, ...filter } =
        args;
      checkTargets(action, { to_priority, to_assign, to_group, reason }, clear);
      const targets = withCleared({ to_assign, to_group }, clear);
      const { changed, unchanged, refused, refusedCount } = await execute({
        type: "bulk_update",
        filter: { ...toFilter(filter), ...defined({ ids }) },
        action: toAction(action, { ...targets, to_priority, reason }),
        isAtomic: atomic,
        ...defined({ instance }),
      });
      return { json: { changed, unchanged, refused, refused_count: refusedCount } };
    },
  }),
];

/** Parameters of each action, beside the filter. */
const ACTION_PARAMETERS: Readonly<Record<typeof ACTIONS[number], readonly string[]>> = {
  cancel: ["reason"],
  retry: [],
  release: ["reason"],
  delete: [],
  archive: [],
  prioritize: ["to_priority"],
  assign: ["to_assign"],
  move: ["to_group"],
};

/** Refuses parameters that the action does not use: the caller probably meant another action. */
function checkTargets(
  action: typeof ACTIONS[number],
  given: Readonly<Record<string, unknown>>,
  clear: readonly string[] = [],
): void {
  const names = Object.keys(given).filter((name) => given[name] !== undefined);
  const unused = [...names, ...clear].find((name) => !ACTION_PARAMETERS[action].includes(name));
  if (unused === undefined) return;
  const fitting = ACTIONS.filter((each) => ACTION_PARAMETERS[each].includes(unused)).join(" or ");
  throw new Refusal(
    "invalid_value",
    `Cannot ${action} tasks with ${unused}, which this action does not use: leave it out, or use action ${fitting}`,
    { parameter: unused },
  );
}

/** How many groups come before the page of a cursor. Throws a `Refusal` if the cursor is malformed. */
function readCursor(cursor: string): number {
  if (/^\d{1,15}$/.test(cursor)) return Number(cursor);
  throw new Refusal("invalid_value", "Cursor is not valid: use next_cursor of the previous page, or omit it");
}

interface ActionArguments {
  readonly to_priority: typeof PRIORITIES[number] | undefined;
  readonly to_assign: z.infer<typeof settingsShape.assign_to> | null;
  readonly to_group: string | null | undefined;
  readonly reason: string | undefined;
}

function toAction(action: typeof ACTIONS[number], args: ActionArguments): BulkAction {
  const { to_priority, to_assign, to_group, reason } = args;
  switch (action) {
    case "retry":
    case "delete":
    case "archive":
      return { type: action };
    case "cancel":
    case "release":
      return { type: action, ...defined({ reason }) };
    case "prioritize":
      if (to_priority === undefined) throw missing(action, "to_priority");
      return { type: action, priority: to_priority };
    case "assign":
      if (to_assign === undefined) throw missing(action, "to_assign");
      return { type: action, assignTo: to_assign && toAssignment(to_assign) };
    case "move":
      if (to_group === undefined) throw missing(action, "to_group");
      return { type: action, group: to_group };
    default:
      return action satisfies never;
  }
}

function missing(action: string, parameter: string): Refusal {
  const remedy = parameter === "to_priority" ? "add it" : `add it, or use clear: ["${parameter}"] for none`;
  return new Refusal("invalid_value", `Cannot ${action} tasks as ${parameter} is missing: ${remedy}`);
}
