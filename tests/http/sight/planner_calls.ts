/** Calls of a planner from whom groups are hidden: it speaks of what it sees, and guesses what it does not see. */

import fc from "fast-check";
import { HIDDEN, HIDDEN_GROUPS, SHOWN, SHOWN_GROUPS } from "../../core/hidden_plan.ts";
import type { Json } from "../../support/server.ts";

export interface ToolCall {
  readonly tool: string;
  readonly args: Json;
}

/** Tasks that are shown, or can be. */
export const OWN = [...SHOWN, "e", "f"];

const ownId = fc.constantFrom(...OWN);
const id = fc.constantFrom(...OWN, ...OWN, ...HIDDEN);
const group = fc.constantFrom(...SHOWN_GROUPS, ...SHOWN_GROUPS, ...HIDDEN_GROUPS);
const instance = fc.constantFrom("x", "y");
const text = fc.constantFrom("s", `{"a":1}`);

const dependency = fc.oneof(id, group.map((group) => ({ group })), id.map((task) => ({ task, on: "finished" })));

/** Settings that creating and changing take. */
const settings = {
  priority: fc.constantFrom("urgent", "low"),
  locks: fc.constantFrom(["l"], ["m"]),
  max_attempts: fc.integer({ min: 1, max: 3 }),
  assign_to: fc.oneof(id.map((task) => ({ not_by: [task] })), instance.map((instance) => ({ instance }))),
};

/** A lease, for y only: that x calls, which also works on what is hidden, extends its leases, and is told by them. */
function withLease(task: fc.Arbitrary<Json>): fc.Arbitrary<Json> {
  return fc.tuple(task, fc.integer({ min: 1, max: 9 }), fc.nat(2)).map(([task, timeout_ms, part]) => {
    return part === 0 ? { ...task, timeout_ms, assign_to: { instance: "y" } } : task;
  });
}

const task = withLease(fc.record({
  id: ownId,
  description: text,
  // A caller with audiences creates tasks in a group.
  group: fc.constantFrom(...SHOWN_GROUPS),
  dependencies: fc.array(dependency, { maxLength: 2 }),
  ...settings,
}, { requiredKeys: ["id", "description", "group"] }));

const held = { task_id: id, instance_id: instance };

/** The arguments that tools get. */
const TOOLS: Readonly<Record<string, fc.Arbitrary<Json>>> = {
  create_task: task,
  create_tasks: fc.array(task, { minLength: 1, maxLength: 3 }).map((tasks) => ({ tasks })),
  update_task: fc.record({
    task_id: id,
    description: text,
    group,
    add_dependencies: fc.array(dependency, { maxLength: 1 }),
    priority: settings.priority,
    locks: settings.locks,
  }, { requiredKeys: ["task_id"] }),
  delete_task: fc.record({ task_id: id }),
  cancel_task: fc.record({ task_id: id, reason: text }, { requiredKeys: ["task_id"] }),
  retry_task: fc.record({ task_id: id }),
  add_note: fc.record({ task_id: id, text }),
  update_tasks: fc.record({
    action: fc.constantFrom("cancel", "retry", "release", "delete"),
    group,
    atomic: fc.boolean(),
  }, { requiredKeys: ["action", "group"] }),
  get_next_task: fc.oneof(
    { weight: 3, arbitrary: fc.record({ instance_id: instance }) },
    { weight: 1, arbitrary: fc.record({ instance_id: instance, group }) },
    { weight: 1, arbitrary: fc.record({ instance_id: instance, task_id: id }) },
  ),
  report_progress: fc.record({ ...held, percent: fc.nat(100) }),
  complete_task: fc.record({ ...held, result: text }),
  fail_task: fc.record({ ...held, error: text }),
  release_task: fc.record({ ...held, dependencies: fc.array(dependency, { maxLength: 1 }) }, {
    requiredKeys: ["task_id", "instance_id"],
  }),
  // Not x, which also works on what is hidden: when a registered instance called is told.
  register_instance: fc.constant({ instance_id: "y" }),
  heartbeat: fc.record({ instance_id: instance }),
  leave: fc.constant({ instance_id: "y" }),
  create_group: fc.record({
    group_id: fc.constantFrom(...SHOWN_GROUPS),
    visible_to: fc.constant(["p"]),
    title: text,
    preamble: text,
  }, { requiredKeys: ["group_id"] }),
  update_group: fc.record({
    group_id: group,
    visible_to: fc.constant(["p"]),
    max_parallel: fc.integer({ min: 1, max: 2 }),
    paused: fc.boolean(),
  }, { requiredKeys: ["group_id"] }),
  delete_group: fc.record({ group_id: group }),
  apply_template: fc.record({
    name: fc.constant("bugfix"),
    group_id: fc.constant("new"),
    parameters: fc.constant({ bug: "b" }),
  }),
};

/** Tools that get a task on are called more often. */
const OFTEN = ["create_task", "get_next_task", "complete_task", "fail_task", "release_task", "update_task"];

export function plannerCall(): fc.Arbitrary<ToolCall> {
  return fc.oneof(
    ...Object.entries(TOOLS).map(([tool, args]) => ({
      weight: OFTEN.includes(tool) ? 4 : 1,
      arbitrary: args.map((args) => ({ tool, args })),
    })),
  );
}
