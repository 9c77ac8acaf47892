/** Random commands and graphs: small enough to meet each other, wild enough to find what nobody thought of. */

import fc from "fast-check";
import type { Command, CommandOf, CommandType } from "../../src/core/commands.ts";
import { type Task, TASK_STATUSES } from "../../src/core/model.ts";
import type { ReadonlyState } from "../../src/core/state.ts";
import { create, newTask, times } from "./given.ts";

/** Few ids and instances, so that commands meet. */
export const IDS = ["a", "b", "c", "d", "__proto__", "constructor", "7"];
const INSTANCES = ["x", "y", "__proto__"];
const TEXTS = ["", "r", "s"];

/** A command at a time. Of `pick`, where given, the command speaks for a task held just then, as its holder. */
export interface Turn {
  readonly command: Command;
  readonly at: number;
  readonly pick: number | undefined;
}

/** Histories that begin with a few tasks; some commands of them are refused. */
export function turns(): fc.Arbitrary<readonly Turn[]> {
  const turn = fc.record({
    command: command(fc.constantFrom(...IDS), fc.constantFrom(...INSTANCES), fc.constantFrom(...TEXTS), fc.nat(4)),
    at: fc.nat(30),
    pick: fc.option(fc.nat(), { nil: undefined, freq: 4 }),
  });
  const start = acyclicGraph(IDS).map((tasks): Turn => ({ command: create(...tasks), at: 0, pick: undefined }));
  return fc.tuple(start, fc.array(turn, { maxLength: 50, size: "max" })).map(([first, rest]) => [first, ...rest]);
}

/** Tasks in any order, which depend on others of them but never in a circle. */
export function acyclicGraph(ids: readonly string[] = times(15, (index) => `t${index}`)) {
  const order = fc.shuffledSubarray([...ids], { minLength: 1 });
  const tasks = order.chain((order) =>
    fc.tuple(
      ...order.map((id, index) =>
        fc.subarray(order.slice(0, index), { maxLength: Math.min(index, 3) }).map((dependencies) =>
          newTask(id, ...dependencies)
        )
      ),
    )
  );
  return tasks.chain((tasks) => fc.shuffledSubarray([...tasks], { minLength: tasks.length }));
}

/** Lets the command speak for a task that is held, if there is one and the turn asks for it. */
export function steer(state: ReadonlyState, { command, pick }: Turn): Command {
  const held = [...state.held].flatMap(([instance, nodes]) =>
    Array.from(nodes, ({ task: { id } }) => ({ id, instance }))
  );
  if (pick === undefined || held.length === 0 || !("instance" in command) || command.type === "claim_task") {
    return command;
  }
  return { ...command, ...held[pick % held.length] };
}

/** Any command over ids, instances, texts and numbers of the given kinds. */
export function command(
  id: fc.Arbitrary<string>,
  instance: fc.Arbitrary<string>,
  text: fc.Arbitrary<string>,
  number: fc.Arbitrary<number>,
): fc.Arbitrary<Command> {
  const dependencies = fc.array(id, { maxLength: 3 });
  const said = { id, description: text, dependencies };
  const time = fc.oneof({ arbitrary: fc.nat(30), weight: 9 }, { arbitrary: number, weight: 1 });
  const task: fc.Arbitrary<Task> = optional(
    {
      ...said,
      status: fc.constantFrom(...TASK_STATUSES),
      attempt: fc.oneof(fc.nat(3), number),
      order: fc.nat(9),
      createdAt: time,
      pendingAt: time,
    },
    { assignedTo: instance, result: text, error: text, reason: text, startedAt: time, finishedAt: time },
  );
  const imported = fc.oneof({ arbitrary: task.map(consistent), weight: 4 }, { arbitrary: task, weight: 1 });
  const holding = { id, instance };
  const commands: { readonly [K in CommandType]: fc.Arbitrary<CommandOf<K>> } = {
    create_tasks: record({ type: fc.constant("create_tasks"), tasks: fc.array(record(said), { maxLength: 3 }) }),
    import_tasks: optional(
      { type: fc.constant("import_tasks"), tasks: fc.array(imported, { maxLength: 2 }) },
      { ifEmpty: fc.boolean() },
    ),
    update_task: optional({ type: fc.constant("update_task"), id }, { description: text, dependencies }),
    delete_task: record({ type: fc.constant("delete_task"), id }),
    claim_task: optional({ type: fc.constant("claim_task"), instance }, { id }),
    complete_task: optional({ type: fc.constant("complete_task"), ...holding, result: text }, { attempt: number }),
    fail_task: optional({ type: fc.constant("fail_task"), ...holding, error: text }, { attempt: number }),
    release_task: optional({ type: fc.constant("release_task"), ...holding }, { attempt: number, reason: text }),
    cancel_task: optional({ type: fc.constant("cancel_task"), id }, { reason: text }),
    retry_task: record({ type: fc.constant("retry_task"), id }),
  };
  return fc.oneof(...Object.values(commands), commands.claim_task, commands.complete_task);
}

/** The task with just those of holder, result, error and end that its status calls for. */
function consistent({ assignedTo, result, error, finishedAt, ...task }: Task): Task {
  const { status, createdAt } = task;
  const hasEnded = status !== "pending" && status !== "in_progress";
  return {
    ...task,
    ...(status === "in_progress" && { assignedTo: assignedTo ?? "x" }),
    ...(hasEnded && { ...(assignedTo !== undefined && { assignedTo }), finishedAt: finishedAt ?? createdAt }),
    ...(status === "completed" && result !== undefined && { result }),
    ...(status === "failed" && error !== undefined && { error }),
  };
}

type Fields<T> = { readonly [K in keyof T]: fc.Arbitrary<T[K]> };

function record<T extends object>(fields: Fields<T>): fc.Arbitrary<T> {
  return fc.record<T>(fields, { noNullPrototype: true });
}

/** Records in which the fields of `rest` may be absent. */
function optional<T extends object, R extends object>(
  fields: Fields<T>,
  rest: Fields<R>,
): fc.Arbitrary<T & Partial<R>> {
  return fc.tuple(record(fields), fc.record<R, never>(rest, { requiredKeys: [] })).map(([a, b]) => ({ ...a, ...b }));
}
