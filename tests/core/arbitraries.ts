/** Random commands and graphs: small enough to meet each other, wild enough to find what nobody thought of. */

import fc from "fast-check";
import type {
  ArchiveFilter,
  BulkAction,
  Command,
  CommandOf,
  CommandType,
  TaskDefaults,
} from "../../src/core/messages/commands.ts";
import type { Changes, HandlerFailure } from "../../src/core/messages/events.ts";
import { type Denial, type DenialReason, ROLES } from "../../src/core/model/access.ts";
import { type Dependency, type Outcome, OUTCOMES, type ResultCondition } from "../../src/core/model/dependency.ts";
import { REDACTABLE_FIELDS } from "../../src/core/model/redaction.ts";
import type { JsonValue } from "../../src/core/model/result.ts";
import type { GroupSettings } from "../../src/core/model/group.ts";
import type { InstanceSettings } from "../../src/core/model/instance.ts";
import { END_STATUSES, READINESSES, TASK_STATUSES } from "../../src/core/model/status.ts";
import {
  type Assignment,
  type NewTask,
  PRIORITIES,
  type Task,
  type TaskFilter,
  type TaskSettings,
} from "../../src/core/model/task.ts";
import type { NewTemplate } from "../../src/core/model/template.ts";
import type { NewToken } from "../../src/core/model/token.ts";
import type { NewWebhook } from "../../src/core/model/webhook.ts";
import type { ReadonlyState } from "../../src/core/state/state.ts";
import { BUILTIN_TEMPLATES } from "../../src/core/templates/builtin_templates.ts";
import { create, newTask, times } from "./given.ts";

/** Few ids, groups and instances, so that commands meet. Groups may have the id of a task. */
export const IDS = ["a", "b", "c", "d", "__proto__", "constructor", "7"];
export const INSTANCES = ["x", "y", "__proto__"];
const GROUPS = ["g", "a", "__proto__"];
const AUDIENCES = ["p", "q"];
const SESSIONS = ["s1", "s2", "__proto__"];
const NAMES = ["r", "s", "constructor"];
const TEXTS = ["", "r", "s", `{"a":1}`, "2"];

/** Longest durations and latest times of the random settings, about as long as a history. In milliseconds. */
const SHORT_MS = 40;

/** A command at a time. Of `pick`, where given, the command speaks for a task held just then, as its holder. */
export interface Turn {
  readonly command: Command;
  /** What the journal's clock says. It may go back. */
  readonly at: number;
  /** How far ahead of it the deciding process is. */
  readonly aheadMs: number;
  readonly defaults: TaskDefaults;
  readonly pick: number | undefined;
  /** The session that the command comes in. */
  readonly session?: string | undefined;
}

/** The things that random commands are made of. */
export interface Words {
  readonly id: fc.Arbitrary<string>;
  readonly group: fc.Arbitrary<string>;
  readonly instance: fc.Arbitrary<string>;
  /** Roles, capabilities, locks, templates. */
  readonly name: fc.Arbitrary<string>;
  readonly text: fc.Arbitrary<string>;
  readonly number: fc.Arbitrary<number>;
}

/** Few words, so that commands meet and are accepted. */
const FEW: Words = {
  id: fc.constantFrom(...IDS),
  group: fc.constantFrom(...GROUPS),
  instance: fc.constantFrom(...INSTANCES),
  name: fc.constantFrom(...NAMES),
  text: fc.constantFrom(...TEXTS),
  number: fc.nat(4),
};

/** Histories that begin with groups and a few tasks; some commands of them are refused. */
export function turns(): fc.Arbitrary<readonly Turn[]> {
  const said = fc.record({
    command: command(FEW),
    drift: fc.integer({ min: -8, max: 3 }),
    aheadMs: fc.oneof({ arbitrary: fc.constant(0), weight: 3 }, { arbitrary: fc.nat(8), weight: 1 }),
    defaults: fc.oneof(
      { arbitrary: fc.constant<TaskDefaults>({}), weight: 4 },
      { arbitrary: maybe({ timeoutMs: positive(SHORT_MS), maxAttempts: positive(3) }), weight: 1 },
    ),
    pick: fc.option(fc.nat(), { nil: undefined, freq: 4 }),
    session: fc.option(fc.constantFrom(...SESSIONS), { nil: undefined, freq: 2 }),
  });
  return fc.tuple(start(), fc.array(said, { maxLength: 50, size: "max" })).map(([start, rest]) => [
    ...start.map((command): Turn => ({ command, at: 0, aheadMs: 0, defaults: {}, pick: undefined })),
    ...rest.map(({ drift, ...turn }, index): Turn => ({ ...turn, at: Math.max(0, 1 + 2 * index + drift) })),
  ]);
}

/** Histories in which many tasks are ready that share few groups and locks, and ask for few roles. */
export function crowds(): fc.Arbitrary<readonly Turn[]> {
  const ids = times(12, (index) => `t${index}`);
  const lockNames = fc.subarray(["l", "m"]);
  const asked = maybe({
    group: fc.constantFrom("g", "h"),
    locks: lockNames,
    role: fc.constantFrom("r", "s"),
    priority: fc.constantFrom("urgent"),
    assignTo: fc.subarray(ids.slice(0, 3), { minLength: 1, maxLength: 2 }).map((notBy): Assignment => ({ notBy })),
  });
  const group = maybe<Omit<GroupSettings, "visibleTo">>({
    title: fc.constant(""),
    maxParallel: positive(2),
    paused: fc.boolean(),
    preamble: fc.constant("p"),
  });
  const id = fc.constantFrom(...ids);
  const instance = fc.constantFrom(...INSTANCES);
  const held = { id, instance };
  const turn = fc.record({
    command: fc.oneof<{ readonly arbitrary: fc.Arbitrary<Command>; readonly weight: number }[]>(
      { arbitrary: record({ type: fc.constant("claim_task"), instance }), weight: 6 },
      { arbitrary: record({ type: fc.constant("complete_task"), ...held, result: fc.constant("") }), weight: 4 },
      { arbitrary: record({ type: fc.constant("release_task"), ...held }), weight: 2 },
      {
        arbitrary: record({
          type: fc.constant("update_group"),
          id: fc.constantFrom("g", "h"),
          settings: changes(group, ["maxParallel", "paused"]),
        }),
        weight: 2,
      },
      {
        arbitrary: record({
          type: fc.constant("update_task"),
          id,
          settings: changes(asked, ["group", "locks", "role", "priority", "assignTo"]),
        }),
        weight: 2,
      },
      { arbitrary: record({ type: fc.constant("leave"), instance }), weight: 1 },
      {
        arbitrary: record({
          type: fc.constant("register_instance"),
          instance,
          settings: maybe<InstanceSettings>({
            roles: fc.subarray(["r", "s"]),
            capabilities: fc.constant([]),
            maxConcurrent: fc.constant(3),
            ttlMs: fc.constant(1_000_000),
            metadata: fc.constant({}),
          }),
        }),
        weight: 1,
      },
    ),
    at: fc.nat(3),
    pick: fc.nat(),
  });
  const tasks = fc.tuple(...ids.map((id) => asked.map((settings): NewTask => ({ ...newTask(id), ...settings }))));
  const groups = fc.tuple(group, group);
  return fc.tuple(groups, tasks, fc.array(turn, { maxLength: 60, size: "max" })).map(([[g, h], tasks, rest]) => {
    const start: readonly Command[] = [
      { type: "create_group", id: "g", settings: g },
      { type: "create_group", id: "h", settings: h },
      { type: "register_instance", instance: "x", settings: { roles: ["r"] } },
      { type: "register_instance", instance: "y", settings: { roles: ["r", "s"] } },
      create(...tasks),
    ];
    return [...start.map((command) => ({ command, at: 0, pick: undefined })), ...rest].map((turn) => {
      return { ...turn, aheadMs: 0, defaults: {} };
    });
  });
}

/** Histories in which groups grow, shrink and end under the tasks that wait for them. */
export function gatherings(): fc.Arbitrary<readonly Turn[]> {
  const [group, member] = [fc.constantFrom("g", "h"), fc.constantFrom("a", "b", "c", "d")];
  const grouped = fc.oneof(record({ group }), fc.constant({}));
  const created = fc.tuple(member, grouped).map(([id, group]) => create({ ...newTask(id), ...group }));
  const commands = fc.oneof<{ readonly arbitrary: fc.Arbitrary<Command>; readonly weight: number }[]>(
    { arbitrary: created, weight: 3 },
    { arbitrary: record({ type: fc.constant("claim_task"), instance: fc.constant("x"), id: member }), weight: 4 },
    {
      arbitrary: record({
        type: fc.constant("complete_task"),
        instance: fc.constant("x"),
        id: member,
        result: fc.constant(""),
      }),
      weight: 4,
    },
    { arbitrary: record({ type: fc.constant("cancel_task"), id: member }), weight: 1 },
    { arbitrary: record({ type: fc.constant("retry_task"), id: member }), weight: 1 },
    { arbitrary: record({ type: fc.constant("delete_task"), id: member }), weight: 2 },
    {
      arbitrary: record({
        type: fc.constant("update_task"),
        id: member,
        settings: changes(maybe({ group }), ["group"]),
      }),
      weight: 3,
    },
  );
  const turn = fc.record({ command: commands, at: fc.nat(40), aheadMs: fc.nat(4), pick: fc.option(fc.nat(), NEVER) });
  const waiting: fc.Arbitrary<NewTask> = fc.record({
    id: fc.constantFrom("v", "w"),
    description: fc.constant(""),
    dependencies: fc.array(
      fc.oneof(
        optional({ group }, { on: fc.constantFrom(...OUTCOMES) }),
        record({ at_least: fc.constantFrom(1, 2, "50%"), of: record({ group }) }),
      ),
      { minLength: 1, maxLength: 2 },
    ),
  });
  const waiters = fc.uniqueArray(waiting, { minLength: 1, selector: ({ id }) => id });
  return fc.tuple(waiters, fc.array(turn, { maxLength: 40, size: "max" })).map(([waiters, rest]) => {
    const start: readonly Command[] = [
      ...["g", "h"].map((id): Command => ({ type: "create_group", id, settings: {} })),
      create(...waiters),
    ];
    return [...start.map((command) => ({ command, at: 0, aheadMs: 0, pick: undefined })), ...rest].map((turn) => {
      return { ...turn, defaults: {} };
    });
  });
}

/** Histories in which deadlines, leases and instances run out together, under tasks with few attempts. */
export function expiries(): fc.Arbitrary<readonly Turn[]> {
  const ids = ["a", "b", "c", "d"];
  const soon = fc.integer({ min: 1, max: 12 });
  const limits = optional({}, {
    ...{ timeoutMs: soon, maxAttempts: positive(2), deadline: soon, failOnDeadline: fc.constant(true) },
    ifUnreachable: fc.constantFrom("skip" as const, "fail" as const),
  });
  const tasks = fc.tuple(...ids.map((id) => limits.map((settings) => ({ ...newTask(id), ...settings }))));
  const [id, instance] = [fc.constantFrom(...ids), fc.constantFrom("x", "y")];
  const commands = fc.oneof<{ readonly arbitrary: fc.Arbitrary<Command>; readonly weight: number }[]>(
    { arbitrary: record({ type: fc.constant("sweep") }), weight: 4 },
    { arbitrary: record({ type: fc.constant("claim_task"), instance }), weight: 6 },
    { arbitrary: record({ type: fc.constant("retry_task"), id }), weight: 2 },
    { arbitrary: record({ type: fc.constant("complete_task"), id, instance, result: fc.constant("") }), weight: 2 },
    { arbitrary: optional({ type: fc.constant("leave"), instance }, { isDraining: fc.boolean() }), weight: 1 },
    {
      arbitrary: record({
        type: fc.constant("register_instance"),
        instance,
        settings: soon.map((ttlMs): InstanceSettings => ({ ttlMs })),
      }),
      weight: 2,
    },
  );
  const turn = fc.record({ command: commands, waitMs: fc.nat(9), pick: fc.option(fc.nat(), NEVER) });
  return fc.tuple(tasks, fc.array(turn, { maxLength: 25, size: "max" })).map(([tasks, rest]) => {
    const waiting = tasks.map((task) => task.id === "d" ? { ...task, dependencies: ["a"] } : task);
    const start: readonly Command[] = [
      ...["x", "y"].map((instance): Command => ({ type: "register_instance", instance, settings: { ttlMs: 6 } })),
      create(...waiting),
    ];
    let at = 0;
    return [...start.map((command) => ({ command, waitMs: 0, pick: undefined })), ...rest].map(
      ({ waitMs, ...turn }) => {
        return { ...turn, at: at += waitMs, aheadMs: 0, defaults: {} };
      },
    );
  });
}

/** Histories in which delays, back-offs and reservations begin and end. */
export function delays(): fc.Arbitrary<readonly Turn[]> {
  const ids = ["a", "b", "c"];
  const [id, instance] = [fc.constantFrom(...ids), fc.constantFrom("x", "y")];
  const assignTo = fc.integer({ min: 1, max: 12 }).map((fallbackMs): Assignment => ({ instance: "x", fallbackMs }));
  const turn = fc.record({
    command: fc.oneof<{ readonly arbitrary: fc.Arbitrary<Command>; readonly weight: number }[]>(
      {
        arbitrary: record({
          type: fc.constant("update_task"),
          id,
          settings: changes(maybe({ notBefore: fc.nat(2 * SHORT_MS), assignTo }), ["notBefore", "assignTo"]),
        }),
        weight: 6,
      },
      { arbitrary: record({ type: fc.constant("claim_task"), instance }), weight: 3 },
      { arbitrary: record({ type: fc.constant("complete_task"), id, instance, result: fc.constant("") }), weight: 1 },
      {
        arbitrary: record({
          ...{ type: fc.constant("fail_task"), id, instance, error: fc.constant(""), isRetryable: fc.constant(true) },
        }),
        weight: 3,
      },
      { arbitrary: record({ type: fc.constant("sweep") }), weight: 1 },
    ),
    waitMs: fc.nat(5),
    pick: fc.option(fc.nat(), NEVER),
  });
  const backoff = { initialIntervalMs: 5 };
  const tasks = ids.map((id) => ({ ...newTask(id), backoff, ...(id === "c" && { dependencies: ["a"] }) }));
  return fc.array(turn, { maxLength: 25, size: "max" }).map((rest) => {
    let at = 0;
    return [{ command: create(...tasks), waitMs: 0, pick: undefined }, ...rest].map(({ waitMs, ...turn }) => {
      return { ...turn, at: at += waitMs, aheadMs: 0, defaults: {} };
    });
  });
}

const NEVER = { nil: undefined } as const;

/** Groups, instances, and tasks with settings that depend on each other and the groups by expressions; all valid. */
function start(): fc.Arbitrary<readonly Command[]> {
  const valid = { ...FEW, number: fc.constant(1), text: fc.constantFrom("", "/a") };
  const groups = fc.tuple(
    ...GROUPS.map((id) => groupSettings(valid).map((settings): Command => ({ type: "create_group", id, settings }))),
  );
  const instances = fc.subarray(INSTANCES).chain((ids) =>
    fc.tuple(
      ...ids.map((instance) =>
        instanceSettings(valid).map((settings): Command => ({ type: "register_instance", instance, settings }))
      ),
    )
  );
  const tasks = rarely(acyclicGraph(IDS, IDS.length - 2), acyclicGraph(IDS)).chain((tasks) =>
    fc.tuple(...tasks.map((task) => embellished(valid, task)))
  );
  return fc.tuple(groups, instances, tasks).map(([groups, instances, tasks]) => {
    return [...groups, ...instances, create(...tasks)];
  });
}

/** The task with settings, and with expressions of its dependencies and of groups. None of its own closes a circle. */
function embellished(words: Words, { id, description, dependencies }: NewTask): fc.Arbitrary<NewTask> {
  const ids = dependencies.filter((each) => typeof each === "string");
  if (ids.length === 0) {
    const grouped = fc.oneof(fc.constant({}), fc.record({ group: words.group }));
    return fc.tuple(settings(words), grouped).map(([rest, group]) => {
      return { id, description, dependencies, ...rest, ...group };
    });
  }
  const expressions = fc.array(dependency({ ...words, id: fc.constantFrom(...ids) }), { minLength: 1, maxLength: 2 });
  return fc.tuple(expressions, settings(words)).map(([dependencies, { group: _, ...rest }]) => {
    return { id, description, dependencies, ...rest };
  });
}

/** Tasks in any order, which depend on others of them but never in a circle; at least so many of the ids. */
export function acyclicGraph(ids: readonly string[] = times(15, (index) => `t${index}`), minLength = 1) {
  const order = fc.shuffledSubarray([...ids], { minLength });
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
    Array.from(nodes, ({ task: { id, attempt } }) => ({ id, instance, attempt }))
  );
  const one = pick === undefined ? undefined : held[pick % held.length];
  if (one === undefined || !("instance" in command) || command.type === "claim_task") return command;
  const { id, instance, attempt } = one;
  if (!("id" in command)) return { ...command, instance };
  return { ...command, id, instance, ...("attempt" in command && { attempt }) };
}

/** Any command over the given words. */
export function command(words: Words): fc.Arbitrary<Command> {
  const { id, group, instance, name, text, number } = words;
  const dependencies = fc.array(dependency(words), { maxLength: 3 });
  const said = { id, description: text, dependencies };
  const newTask: fc.Arbitrary<NewTask> = fc.tuple(record(said), settings(words)).map(([task, rest]) => ({
    ...task,
    ...rest,
  }));
  const time = rarely(fc.nat(30), number);
  const tried = rarely(fc.integer({ min: 1, max: 2 }), number);
  const old: fc.Arbitrary<Task> = optional(
    {
      ...said,
      status: fc.constantFrom(...TASK_STATUSES),
      attempt: fc.oneof(fc.nat(3), number),
      order: fc.nat(9),
      createdAt: time,
      pendingAt: time,
    },
    {
      assignedTo: instance,
      result: text,
      error: text,
      reason: text,
      startedAt: time,
      finishedAt: time,
      readyAt: time,
      retryAt: time,
      leaseUntil: time,
      leaseMs: time,
      session: fc.constantFrom(...SESSIONS),
      failures: fc.oneof(fc.nat(3), number),
      workedMs: time,
      progress: optional({ at: time }, { percent: rarely(fc.nat(100), number) }),
      overdue: fc.constant(true as const),
      cancelledBy: record({ caller: text, instance }),
      notes: fc.array(record({ author: text, at: time, text }), { maxLength: 2 }),
      notesDropped: fc.nat(3),
      notesTold: fc.nat(3),
      pastAuthors: fc.uniqueArray(instance, { minLength: 1, maxLength: 2 }),
    },
  );
  const task = fc.tuple(old, settings(words)).map(([task, rest]): Task => ({ ...task, ...rest }));
  const imported = fc.oneof({ arbitrary: task.map(consistent), weight: 4 }, { arbitrary: task, weight: 1 });
  const holding = { id, instance };
  const offer = { roles: names(name), capabilities: names(name) };
  const templateName = fc.oneof(name, fc.constantFrom(...BUILTIN_TEMPLATES.map((template) => template.name)));
  const commands: { readonly [K in CommandType]: fc.Arbitrary<CommandOf<K>> } = {
    create_tasks: record({ type: fc.constant("create_tasks"), tasks: fc.array(newTask, { maxLength: 3 }) }),
    import_tasks: fc.tuple(
      record({ type: fc.constant("import_tasks"), tasks: fc.array(imported, { maxLength: 2 }) }),
      fc.option(record({ firstOrder: fc.nat({ max: 5 }) }), { nil: {}, freq: 1 }),
    ).map(([command, part]) => ({ ...command, ...part })),
    update_task: optional({ type: fc.constant("update_task"), id }, {
      description: text,
      dependencies,
      addDependencies: dependencies,
      removeDependencies: dependencies,
      ifVersion: positive(3),
      settings: changes(settings(words), ["group", "priority", "locks", "deadline", "notBefore", "assignTo", "refs"]),
    }),
    delete_task: record({ type: fc.constant("delete_task"), id }),
    claim_task: optional({ type: fc.constant("claim_task"), instance }, { id, group, ...offer }),
    report_progress: optional(
      { type: fc.constant("report_progress"), ...holding },
      { attempt: tried, percent: rarely(fc.nat(100), number), message: text },
    ),
    complete_task: optional({ type: fc.constant("complete_task"), ...holding, result: text }, { attempt: tried }),
    fail_task: optional(
      { type: fc.constant("fail_task"), ...holding, error: text },
      { attempt: tried, isRetryable: fc.boolean() },
    ),
    release_task: optional(
      { type: fc.constant("release_task"), ...holding },
      { attempt: tried, reason: text, dependencies },
    ),
    cancel_task: optional({ type: fc.constant("cancel_task"), id }, { reason: text, instance }),
    add_note: optional({ type: fc.constant("add_note"), id, text }, { instance }),
    redact_task: record({
      type: fc.constant("redact_task"),
      id,
      fields: fc.subarray([...REDACTABLE_FIELDS], { minLength: 1 }),
      reason: fc.constantFrom("leak", ""),
      records: fc.constantFrom([], [[1, "a".repeat(64)] as const]),
    }),
    retry_task: record({ type: fc.constant("retry_task"), id }),
    bulk_update: record({
      type: fc.constant("bulk_update"),
      filter: filter(words),
      action: action(words),
      isAtomic: fc.boolean(),
    }),
    archive_tasks: optional({
      type: fc.constant("archive_tasks"),
      filter: maybe<ArchiveFilter>({
        group,
        status: fc.subarray([...END_STATUSES], { minLength: 1 }),
        olderThanMs: rarely(fc.nat(SHORT_MS), number),
      }),
    }, { isCheck: fc.constant<true>(true) }),
    register_instance: record({
      type: fc.constant("register_instance"),
      instance,
      settings: instanceSettings(words),
    }),
    heartbeat: record({ type: fc.constant("heartbeat"), instance }),
    leave: optional({ type: fc.constant("leave"), instance }, { isDraining: fc.boolean() }),
    create_group: record({ type: fc.constant("create_group"), id: group, settings: groupSettings(words) }),
    update_group: record({
      type: fc.constant("update_group"),
      id: group,
      settings: changes(groupSettings(words), ["title", "maxParallel", "paused", "preamble", "visibleTo"]),
    }),
    delete_group: record({ type: fc.constant("delete_group"), id: group }),
    save_template: record({ type: fc.constant("save_template"), template: template(words) }),
    apply_template: optional(
      {
        type: fc.constant("apply_template"),
        name: templateName,
        group,
        settings: groupSettings(words),
        parameters: fc.dictionary(fc.constantFrom("p", "topic", "goal"), text, { maxKeys: 2, noNullPrototype: true }),
      },
      { version: fc.oneof(fc.nat(3), number) },
    ),
    archive_template: record({
      type: fc.constant("archive_template"),
      name: templateName,
      isArchived: fc.boolean(),
    }),
    issue_token: record({ type: fc.constant("issue_token"), token: token(words) }),
    revoke_token: record({ type: fc.constant("revoke_token"), name }),
    pause_project: record({ type: fc.constant("pause_project"), reason: text }),
    resume_project: record({ type: fc.constant("resume_project") }),
    add_webhook: record({ type: fc.constant("add_webhook"), webhook: webhook(words) }),
    rotate_webhook: record({
      type: fc.constant("rotate_webhook"),
      name,
      secret: name,
      graceMs: rarely(fc.nat(SHORT_MS), number),
    }),
    replay_webhook: optional(
      { type: fc.constant("replay_webhook"), name },
      { from: fc.oneof(record({ seq: rarely(fc.nat(5), number) }), record({ at: rarely(fc.nat(9), number) })) },
    ),
    remove_webhook: record({ type: fc.constant("remove_webhook"), name }),
    disable_webhook: record({ type: fc.constant("disable_webhook"), name, id: fc.constantFrom("w1", "w2"), why: text }),
    record_denials: record({ type: fc.constant("record_denials"), denials: fc.array(denial(words), { maxLength: 2 }) }),
    record_failure: record({ type: fc.constant("record_failure"), failure: failure(words) }),
    end_session: record({
      type: fc.constant("end_session"),
      session: fc.constantFrom(...SESSIONS),
      how: fc.constantFrom("closed", "lost"),
      graceMs: rarely(fc.nat(SHORT_MS), number),
    }),
    resume_tasks: record({
      type: fc.constant("resume_tasks"),
      session: fc.constantFrom(...SESSIONS),
      calls: fc.array(record({ instance, at: number }), { maxLength: 2 }),
    }),
    sweep: record({ type: fc.constant("sweep") }),
    correct_clock: record({ type: fc.constant("correct_clock") }),
  };
  const { claim_task, complete_task, fail_task, retry_task, sweep, create_tasks, resume_project, ...others } = commands;
  return fc.oneof(
    { arbitrary: claim_task, weight: 5 },
    { arbitrary: record({ type: fc.constant("claim_task" as const), instance }), weight: 2 },
    { arbitrary: complete_task, weight: 4 },
    { arbitrary: fail_task, weight: 2 },
    { arbitrary: retry_task, weight: 3 },
    { arbitrary: sweep, weight: 2 },
    { arbitrary: create_tasks, weight: 2 },
    // Often, so that few histories are paused for long.
    { arbitrary: resume_project, weight: 6 },
    ...Object.values(others).map((arbitrary: fc.Arbitrary<Command>) => ({ arbitrary, weight: 1 })),
  );
}

/** Dependencies of every form, most of them plain. */
function dependency(words: Words): fc.Arbitrary<Dependency> {
  const { id, group, number } = words;
  const on: fc.Arbitrary<Outcome> = fc.constantFrom(...OUTCOMES);
  const ofGroup = optional({ group }, { on });
  const share = fc.constantFrom("1%", "34%", "50%", "66.6667%", "100%");
  const atLeastOf = (of: readonly Dependency[]): fc.Arbitrary<Dependency> =>
    record({ at_least: rarely(fc.oneof(positive(of.length), share), number), of: fc.constant(of) });
  const { tree } = fc.letrec<{ tree: Dependency; parts: readonly Dependency[] }>((tie) => ({
    tree: fc.oneof(
      { depthSize: "small", maxDepth: 2 },
      { arbitrary: id, weight: 4 },
      { arbitrary: optional({ task: id }, { on }), weight: 3 },
      { arbitrary: record({ task: id, when: condition(words) }), weight: 1 },
      { arbitrary: ofGroup, weight: 3 },
      { arbitrary: record({ at_least: fc.oneof(positive(3), share), of: ofGroup }), weight: 2 },
      { arbitrary: record({ any: tie("parts") }), weight: 1 },
      { arbitrary: record({ all: tie("parts") }), weight: 1 },
      { arbitrary: tie("parts").chain(atLeastOf), weight: 1 },
    ),
    parts: fc.array(tie("tree"), { minLength: 1, maxLength: 3 }),
  }));
  return fc.oneof({ arbitrary: id, weight: 3 }, { arbitrary: tree, weight: 2 });
}

function condition({ text, number }: Words): fc.Arbitrary<ResultCondition> {
  const value: fc.Arbitrary<JsonValue> = fc.oneof(text, fc.nat(2), number, number.map((a) => ({ a })));
  const comparison: fc.Arbitrary<ResultCondition> = fc.oneof(
    record({ equals: value }),
    record({ not_equals: value }),
    record({ contains: value }),
    record({ greater_than: fc.oneof(fc.nat(2), number) }),
    record({ less_than: text }),
    record({ exists: fc.boolean() }),
  );
  return fc.tuple(comparison, maybe({ pointer: rarely(fc.constantFrom("", "/a", "/a/0"), text) })).map(([a, b]) => ({
    ...a,
    ...b,
  }));
}

function token({ instance, name, number }: Words): fc.Arbitrary<NewToken> {
  return optional(
    {
      name,
      role: fc.constantFrom(...ROLES),
      digest: rarely(fc.constantFrom("a", "b", "c").map((digit) => digit.repeat(64)), name),
    },
    { instance, audiences: names(name), expiresAt: rarely(positive(2 * SHORT_MS), number) },
  );
}

function webhook({ id, group, name }: Words): fc.Arbitrary<NewWebhook> {
  return optional(
    {
      name,
      id: fc.constantFrom("w1", "w2"),
      url: rarely(fc.constantFrom("https://example.com/hook", "http://localhost:1"), name),
      secret: rarely(fc.constantFrom("s1", "s2"), name),
    },
    {
      types: fc.array(rarely(fc.constantFrom("task.completed", "token.issued"), name), { maxLength: 2 }),
      group,
      task: id,
      audiences: names(name),
    },
  );
}

function failure({ id, name, number }: Words): fc.Arbitrary<HandlerFailure> {
  return optional(
    {
      handler: name,
      notification: fc.constantFrom("1.0", "2.1", ""),
      error: fc.string({ maxLength: 5 }),
      tries: fc.oneof(fc.nat(3), number),
    },
    { task: id, isPassedOver: fc.constant(true as const) },
  );
}

function denial({ id, name, number }: Words): fc.Arbitrary<Denial> {
  return optional(
    {
      caller: name,
      call: fc.constantFrom("claim_task", "get_task"),
      reason: fc.constantFrom<DenialReason[]>("role", "token", "instance"),
      verb: fc.constantFrom("see", "work"),
    },
    { role: fc.constantFrom(...ROLES), tasks: fc.array(id, { maxLength: 2 }), more: rarely(positive(3), number) },
  );
}

/** Few settings at a time, mostly none. */
function settings({ id, group, instance, name, number }: Words): fc.Arbitrary<TaskSettings> {
  const duration = rarely(positive(SHORT_MS), number);
  const time = rarely(fc.nat(2 * SHORT_MS), number);
  const reserved: fc.Arbitrary<Assignment> = fc.tuple(
    fc.oneof(
      record({ instance }),
      record({ role: name }),
      record({ notBy: fc.array(id, { minLength: 1, maxLength: 2 }) }),
    ),
    maybe({ fallbackMs: duration }),
  ).map(([whom, rest]) => ({ ...whom, ...rest }));
  const all: Fields<Required<TaskSettings>> = {
    priority: fc.constantFrom(...PRIORITIES),
    group,
    role: name,
    capabilities: names(name),
    assignTo: reserved,
    locks: names(name),
    timeoutMs: duration,
    maxAttempts: rarely(positive(3), number),
    backoff: maybe({
      initialIntervalMs: duration,
      coefficient: rarely(fc.constantFrom(1, 1.5), number),
      maxIntervalMs: duration,
    }),
    estimateMs: duration,
    notBefore: time,
    deadline: time,
    failOnDeadline: fc.boolean(),
    ifUnreachable: fc.constantFrom("skip", "fail"),
    refs: fc.dictionary(fc.constantFrom("issue", "pr"), name, { maxKeys: 2, noNullPrototype: true }),
  };
  // Those that matter to claims more often.
  const keys = [
    ...Object.keys(all),
    "priority",
    "group",
    "role",
    "assignTo",
    "locks",
    "locks",
    "timeoutMs",
    "timeoutMs",
  ];
  const one = fc.constantFrom(...keys).chain((key) => maybe<TaskSettings>(all).map((value) => pick(value, key)));
  return fc.array(one, { maxLength: 3 }).map((parts): TaskSettings => Object.assign({}, ...parts));
}

function pick(value: TaskSettings, key: string): TaskSettings {
  return Object.fromEntries(Object.entries(value).filter(([each]) => each === key));
}

function groupSettings({ text, number }: Words): fc.Arbitrary<GroupSettings> {
  const settings = maybe<Omit<GroupSettings, "visibleTo">>({
    title: text,
    maxParallel: rarely(positive(2), number),
    paused: fc.boolean(),
    preamble: text,
  });
  const audience = rarely<Pick<GroupSettings, "visibleTo">>(
    fc.constant({}),
    record({ visibleTo: fc.subarray(AUDIENCES, { minLength: 1 }) }),
  );
  return fc.tuple(settings, audience).map(([settings, audience]) => ({ ...settings, ...audience }));
}

function instanceSettings({ name, text, number }: Words): fc.Arbitrary<InstanceSettings> {
  return maybe<InstanceSettings>({
    roles: names(name),
    capabilities: names(name),
    maxConcurrent: rarely(positive(3), number),
    ttlMs: rarely(positive(SHORT_MS), number),
    metadata: fc.dictionary(text, text, { maxKeys: 2, noNullPrototype: true }),
  });
}

function filter({ id, group, instance }: Words): fc.Arbitrary<TaskFilter> {
  return maybe<TaskFilter>({
    status: fc.array(fc.constantFrom(...TASK_STATUSES, ...READINESSES), { maxLength: 3 }),
    assignedTo: instance,
    group,
    priority: fc.constantFrom(...PRIORITIES),
    overdue: fc.boolean(),
    ids: fc.array(id, { maxLength: 3 }),
  });
}

function action({ id, group, instance, name, text }: Words): fc.Arbitrary<BulkAction> {
  const reason = { reason: text };
  const notBy = fc.tuple(id).map((ids): readonly string[] => ids);
  const assignTo = fc.oneof(fc.constant(null), record({ instance }), record({ role: name }), record({ notBy }));
  return fc.oneof<fc.Arbitrary<BulkAction>[]>(
    optional({ type: fc.constant("cancel") }, reason),
    record({ type: fc.constant("retry") }),
    optional({ type: fc.constant("release") }, reason),
    record({ type: fc.constant("delete") }),
    record({ type: fc.constant("archive") }),
    record({ type: fc.constant("prioritize"), priority: fc.constantFrom(...PRIORITIES) }),
    record({ type: fc.constant("assign"), assignTo }),
    record({ type: fc.constant("move"), group: fc.oneof(fc.constant(null), group) }),
  );
}

function template(words: Words): fc.Arbitrary<NewTemplate> {
  const { id, name, text } = words;
  const text2 = fc.oneof(text, fc.constant("do {{p}}"));
  const task: fc.Arbitrary<NewTask> = record({
    id: fc.oneof(id, fc.constant("t{{p}}")),
    description: text2,
    dependencies: rarely(fc.constant<readonly Dependency[]>([]), fc.array(dependency(words), { maxLength: 2 })),
  });
  const parameter = optional({ name: fc.constant("p") }, { default: text, required: fc.boolean() });
  return record({
    name,
    parameters: fc.array(parameter, { maxLength: 1 }),
    tasks: fc.uniqueArray(task, { minLength: 1, maxLength: 3, selector: ({ id }) => id }),
  });
}

/** Settings as changes of these: some of the fields that may be removed are. */
function changes<T extends object>(
  settings: fc.Arbitrary<T>,
  removable: readonly (keyof T & string)[],
): fc.Arbitrary<Changes<T>> {
  return fc.tuple(settings, fc.array(fc.constantFrom(...removable), { maxLength: 1 })).map(([value, removed]) => {
    // Each field that is removed may be: the list says so.
    return { ...value, ...Object.fromEntries(removed.map((key) => [key, null])) } as Changes<T>;
  });
}

/** The task with just those of holder, result, error, lease, end and news that its status and notes call for. */
function consistent(
  { assignedTo, result, error, finishedAt, leaseUntil, leaseMs, session, cancelledBy, notesTold, ...task }: Task,
): Task {
  const { status, createdAt, notes = [], notesDropped = 0 } = task;
  const hasEnded = status !== "pending" && status !== "in_progress";
  return {
    ...task,
    ...(status === "in_progress" && { assignedTo: assignedTo ?? "x" }),
    ...(status === "in_progress" && leaseUntil !== undefined &&
      { leaseUntil, ...(leaseMs !== undefined && { leaseMs }) }),
    ...(status === "in_progress" && session !== undefined && { session }),
    ...(hasEnded && { ...(assignedTo !== undefined && { assignedTo }), finishedAt: finishedAt ?? createdAt }),
    ...(status === "completed" && result !== undefined && { result }),
    ...(status === "failed" && error !== undefined && { error }),
    ...(status === "cancelled" && cancelledBy !== undefined && { cancelledBy }),
    ...(notesTold !== undefined && { notesTold: Math.min(notesTold, notes.length + notesDropped) }),
  };
}

function names(name: fc.Arbitrary<string>): fc.Arbitrary<readonly string[]> {
  return fc.array(name, { maxLength: 2 });
}

function positive(max: number): fc.Arbitrary<number> {
  return fc.integer({ min: 1, max });
}

/** Mostly the first, now and then the second. */
function rarely<T>(mostly: fc.Arbitrary<T>, rare: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof({ arbitrary: mostly, weight: 9 }, { arbitrary: rare, weight: 1 });
}

type Fields<T> = { readonly [K in keyof T]: fc.Arbitrary<T[K]> };

function record<T extends object>(fields: Fields<T>): fc.Arbitrary<T> {
  return fc.record<T>(fields, { noNullPrototype: true });
}

/** Records of which every field may be absent. */
function maybe<T extends object>(fields: Fields<Required<T>>): fc.Arbitrary<T> {
  // No field is required, so each is as optional as in T.
  return fc.record<Required<T>, never>(fields, { requiredKeys: [], noNullPrototype: true }) as fc.Arbitrary<T>;
}

/** Records in which the fields of `rest` may be absent. */
function optional<T extends object, R extends object>(
  fields: Fields<T>,
  rest: Fields<R>,
): fc.Arbitrary<T & Partial<R>> {
  return fc.tuple(record(fields), fc.record<R, never>(rest, { requiredKeys: [] })).map(([a, b]) => ({ ...a, ...b }));
}
