/**
 * Shows that what is hidden is not there for a restricted caller: random plans are carried out twice, with and without
 * hidden groups and all that is done in them, and the caller gets the same bytes from every query, and from every command
 * of its own. What differs is told, and listed here:
 *
 * - that an id is taken (creating says so), and that something hidden forbids a command or limits a task (`UNSEEN`);
 * - the numbers that count everything: the `seq` of records, and `order`, which no surface shows;
 * - which instances registered, when they called last, and so whether they were lost: here, who works on hidden tasks has
 *   not registered.
 */

import fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import type { Command, CommandType } from "../../../src/core/messages/commands.ts";
import type { Query, QueryType } from "../../../src/core/messages/queries.ts";
import type { KnownCaller } from "../../../src/core/model/access.ts";
import { isWithin } from "../../../src/core/model/audience.ts";
import { referencesOf } from "../../../src/core/model/dependency.ts";
import { Refusal, type RefusalCode } from "../../../src/core/model/refusal.ts";
import { TASK_STATUSES } from "../../../src/core/model/status.ts";
import { decide } from "../../../src/core/rules/decide.ts";
import type { JournalRecord } from "../../../src/core/messages/events.ts";
import { applyDraft } from "../../../src/core/state/apply_draft.ts";
import { advanceClock } from "../../../src/core/state/evolve.ts";
import { UNSEEN } from "../../../src/core/state/sight.ts";
import { emptyState, type ReadonlyState, type State } from "../../../src/core/state/state.ts";
import { isSweepDue } from "../../../src/core/state/timers.ts";
import { answer } from "../../../src/core/views/answer.ts";
import { frozen } from "../../support/frozen.ts";
import { command, turns, type Words } from "../arbitraries.ts";
import { contextAt } from "../given.ts";
import { HIDDEN, HIDDEN_GROUPS, HIDDEN_START, hiddenCommand, SHOWN, SHOWN_GROUPS, START } from "../hidden_plan.ts";
import { play } from "../play.ts";

const ADMIN: KnownCaller = { name: "admin", role: "admin" };
const PLANNER: KnownCaller = { name: "planner", role: "planner", audiences: ["p"] };

const CALLERS: readonly KnownCaller[] = [PLANNER, { ...PLANNER, role: "observer", audiences: ["other", "p"] }];

/** A command of somebody, and whether it is about hidden tasks and groups only. */
interface Act {
  readonly command: Command;
  readonly isHidden: boolean;
  readonly waitMs: number;
  readonly pick: number | undefined;
}

/** The words of the restricted caller: it may guess what is hidden from it. */
const GUESSES: Words = {
  id: fc.constantFrom(...SHOWN, ...SHOWN, ...HIDDEN),
  group: fc.constantFrom(...SHOWN_GROUPS, ...SHOWN_GROUPS, ...HIDDEN_GROUPS),
  instance: fc.constantFrom("x", "y"),
  name: fc.constantFrom("r", "s", "p"),
  text: fc.constantFrom("", "r", `{"a":1}`),
  number: fc.nat(4),
};

/** The commands that a planner may give. */
function guess(): fc.Arbitrary<Command> {
  const admins: readonly CommandType[] = [
    ...["import_tasks", "issue_token", "revoke_token", "record_denials", "record_failure"] as const,
    ...["pause_project", "resume_project"] as const,
    ...["add_webhook", "rotate_webhook", "replay_webhook", "remove_webhook", "disable_webhook"] as const,
    ...["end_session", "resume_tasks", "sweep", "correct_clock"] as const,
  ];
  const any = command(GUESSES).filter(({ type }) => !admins.includes(type));
  // Of these, few are accepted by chance.
  const { id, group, text: description } = GUESSES;
  const plain = fc.oneof<fc.Arbitrary<Command>[]>(
    fc.record({ id, description }).map((rest): Command => ({ type: "update_task", ...rest })),
    group.map((group): Command => {
      return { type: "apply_template", name: "feature", group, settings: {}, parameters: { goal: "g" } };
    }),
  );
  return fc.oneof({ arbitrary: any, weight: 19 }, { arbitrary: plain, weight: 1 });
}

function acts(): fc.Arbitrary<readonly Act[]> {
  const act = (isHidden: boolean, commands: fc.Arbitrary<Command>) =>
    fc.record({
      command: commands,
      isHidden: fc.constant(isHidden),
      waitMs: fc.nat(3),
      pick: fc.option(fc.nat(), { nil: undefined }),
    });
  return fc.array(fc.oneof(act(false, guess()), act(true, hiddenCommand())), { maxLength: 40, size: "max" });
}

/** A plan, and the records of all that was done in it. */
interface Plan {
  readonly state: State;
  readonly records: JournalRecord[];
}

/** What a call comes to: its answer, or its refusal. */
interface Outcome {
  readonly answer?: unknown;
  readonly refusal?: Pick<Refusal, "code" | "message" | "data" | "remedies">;
}

function carryOut(plan: Plan, command: Command, caller: KnownCaller, now: number): Outcome {
  advanceClock(plan.state, now);
  if (isSweepDue(plan.state, now)) apply(plan, { type: "sweep" }, ADMIN, now);
  return apply(plan, command, caller, now);
}

function apply({ state, records }: Plan, command: Command, caller: KnownCaller, now: number): Outcome {
  return outcomeOf(() => {
    const { events, answer } = decide<CommandType>(state, frozen(command), { ...contextAt(now), caller });
    if (events.length > 0) {
      const draft = applyDraft(state, { at: now, actor: caller.name, command: command.type, events: frozen(events) });
      records.push({ ...draft, seq: records.length + 1 });
    }
    return answer(state);
  });
}

/** What a caller is told of the history, without the numbers of records. */
function historyFor({ state, records }: Plan, caller: KnownCaller, now: number): readonly unknown[] {
  const filters = [{}, { instance: "z" }, { task: "h" }, { group: "qg" }, { group: "g" }, { task: "a" }];
  return filters.map((filter) => {
    const query = { type: "select_notifications", records, filter, source: "" } as const;
    return answer(state, query, { ...contextAt(now), caller }).map(({ id: _, ...each }) => each);
  });
}

function outcomeOf(call: () => unknown): Outcome {
  try {
    return { answer: call() };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { code, message, data, remedies } = error;
    return { refusal: { code, message, data, remedies } };
  }
}

/** The command about a task that is held and shown, if there is one and the act asks for it. */
function steered(state: ReadonlyState, { command, pick }: Act): Command {
  const held = [...state.held].flatMap(([instance, nodes]) => {
    return instance === "z" ? [] : Array.from(nodes, ({ task: { id } }) => ({ id, instance }));
  });
  const one = pick === undefined ? undefined : held[pick % held.length];
  if (one === undefined || !("instance" in command) || !("id" in command) || command.type === "claim_task") {
    return command;
  }
  const { attempt: _, ...rest } = { attempt: undefined, ...command };
  return { ...rest, ...one } as Command;
}

/** Every query that a caller may make, about what is shown and what is hidden. */
function queries(): readonly Query[] {
  const ids = [...SHOWN, ...HIDDEN];
  const groups = [...SHOWN_GROUPS, ...HIDDEN_GROUPS];
  const filters = [
    {},
    ...groups.map((group) => ({ group })),
    ...TASK_STATUSES.map((status) => ({ status: [status] })),
    ...["ready", "limited", "waiting", "blocked", "delayed"].map((status) => ({ status: [status as "ready"] })),
    { assignedTo: "z" },
    { priority: "urgent" as const },
    { overdue: true },
    { ids: ["a", "h"] },
  ];
  return [
    ...ids.flatMap((id): Query[] => [
      { type: "get_task", id },
      { type: "explain_task", id },
      { type: "measure_task", id },
    ]),
    ...groups.flatMap((id): Query[] => [{ type: "get_group", id }, { type: "measure", group: id, limit: 9 }]),
    { type: "measure", limit: 9 },
    { type: "get_plan" },
    { type: "list_rows" },
    { type: "list_rows", since: 0 },
    { type: "list_attempts", limit: 9 },
    { type: "list_attempts", limit: 1, since: 3 },
    ...filters.flatMap((filter): Query[] => [
      { type: "list_tasks", filter, limit: 2 },
      { type: "list_tasks", filter, limit: 3, isNewest: true },
      { type: "search_tasks", filter, limit: 9, text: "s" },
      { type: "count_tasks", filter },
    ]),
    { type: "list_groups", skip: 0, limit: 9 },
    { type: "list_groups", skip: 1, limit: 1 },
    { type: "list_instances", limit: 9, all: true, waiting: new Set(["w"]) },
    { type: "list_templates" },
    { type: "draw_graph" },
    { type: "complete_id", kind: "task", prefix: "", limit: 9 },
    { type: "complete_id", kind: "group", prefix: "", limit: 2 },
    { type: "get_caller" },
  ];
}

/** All that a caller sees. */
function everythingSeen(state: State, caller: KnownCaller, now: number): readonly unknown[] {
  const context = { ...contextAt(now), caller };
  const seen = queries().map((query) => [query, outcomeOf(() => answer<QueryType>(state, query, context))]);
  const { tasks, groups } = answer(state, {
    type: "find",
    tasks: [...SHOWN, ...HIDDEN],
    groups: [...SHOWN_GROUPS, ...HIDDEN_GROUPS],
  }, context);
  const claims = ["x", "y"].flatMap((instance) => {
    return [undefined, ...SHOWN_GROUPS].map((group) => {
      return { command: { type: "claim_task", instance, ...(group && { group }) } as const, caller };
    });
  });
  const { answered } = answer(state, { type: "look_for_claims", claims }, { ...context, caller: ADMIN });
  return [...seen, [...tasks.keys()], [...groups.keys()], answered];
}

/** JSON in which numbers that count everything are those of what is shown. */
function normalized(state: ReadonlyState, value: unknown): string {
  const orders = new Map<number, number>();
  for (const [id, { task }] of state.tasks) if (!HIDDEN.includes(id)) orders.set(task.order, orders.size + 1);
  return JSON.stringify(value, (key, each) => {
    if (key === "seq") return undefined;
    return key === "order" && typeof each === "number" ? orders.get(each) : each;
  });
}

/** Whether a command creates something that has a hidden id. */
function takesHiddenId(command: Command): boolean {
  if (command.type === "create_tasks") return command.tasks.some(({ id }) => HIDDEN.includes(id));
  if (command.type === "create_group") return HIDDEN_GROUPS.includes(command.id);
  return command.type === "apply_template" && HIDDEN_GROUPS.includes(command.group);
}

/** Carries acts out with and without what is hidden, and compares what a caller sees and is answered. */
function compare(acts: readonly Act[], note?: (command: Command, outcome: Outcome) => void): void {
  const full: Plan = { state: emptyState(), records: [] };
  const bare: Plan = { state: emptyState(), records: [] };
  for (const command of START) for (const plan of [full, bare]) carryOut(plan, command, ADMIN, 1);
  for (const command of HIDDEN_START) assert(carryOut(full, command, ADMIN, 1).refusal === undefined);
  let now = 1;
  for (const act of acts) {
    now += act.waitMs;
    // Also before an act that only one of the plans carries out.
    for (const plan of [full, bare]) carryOut(plan, { type: "sweep" }, ADMIN, now);
    if (act.isHidden) carryOut(full, act.command, ADMIN, now);
    else {
      const command = steered(full.state, act);
      const isGuess = takesHiddenId(command);
      // Whether a hidden id is taken is told, so the plans would differ from here on.
      if (isGuess) continue;
      const outcome = carryOut(full, command, PLANNER, now);
      note?.(command, outcome);
      // Some of many tasks stay for something hidden, which is told: the plans differ from here on.
      if (JSON.stringify(outcome.answer)?.includes(UNSEEN) === true) return;
      if (outcome.refusal?.message.includes(UNSEEN) !== true) {
        const expected = carryOut(bare, command, PLANNER, now);
        assertEquals(normalized(full.state, outcome), normalized(bare.state, expected), JSON.stringify(command));
      }
    }
    for (const plan of [full, bare]) carryOut(plan, { type: "sweep" }, ADMIN, now);
    // What callers see is compared by the first test.
    for (const caller of note === undefined ? CALLERS : []) {
      assertEquals(
        normalized(full.state, everythingSeen(full.state, caller, now)),
        normalized(bare.state, everythingSeen(bare.state, caller, now)),
      );
    }
  }
  for (const caller of CALLERS) assertEquals(historyFor(full, caller, now), historyFor(bare, caller, now));
}

Deno.test({
  name: "a restricted caller sees the same, and is answered the same, whatever is done in hidden groups",
  permissions: "none",
  fn() {
    fc.assert(fc.property(acts(), (acts) => compare(acts)), { numRuns: 50 });
  },
});

Deno.test({
  name: "the random plans of a restricted caller reach commands of every kind, and what is told of the hidden",
  permissions: "none",
  fn() {
    const expected: readonly (CommandType | RefusalCode | typeof UNSEEN)[] = [
      ...["claim_task", "report_progress", "complete_task", "fail_task", "release_task", "add_note"] as const,
      ...["create_tasks", "update_task", "delete_task", "cancel_task", "retry_task", "bulk_update"] as const,
      "archive_tasks",
      ...["create_group", "update_group", "delete_group", "apply_template", "register_instance", "leave"] as const,
      ...["not_found", "dependency_not_found", "has_dependents", "cycle", "not_visible", "already_exists"] as const,
      UNSEEN,
    ];
    const reached = new Set<string>();
    for (const each of fc.sample(acts(), { numRuns: 800, seed: 1 })) {
      compare(each, ({ type }, { refusal }) => {
        reached.add(refusal === undefined ? type : refusal.code);
        if (refusal?.message.includes(UNSEEN) === true) reached.add(UNSEEN);
      });
      if (expected.every((each) => reached.has(each))) break;
    }
    assertEquals(expected.filter((each) => !reached.has(each)), []);
  },
});

Deno.test({
  name: "no history leads to a task that depends on what not all who see it see",
  permissions: "none",
  fn() {
    fc.assert(
      fc.property(turns(), (turns) => {
        play(turns, (state) => {
          for (const { task, group } of state.tasks.values()) {
            const audience = group?.group.visibleTo;
            for (const { type, id } of task.dependencies.flatMap((each) => Array.from(referencesOf(each)))) {
              const named = type === "group" ? state.groups.get(id) : state.tasks.get(id)?.group;
              assert(isWithin(audience, named?.group.visibleTo), `${task.id} on ${type} ${id}`);
            }
            for (const id of task.assignTo?.notBy ?? []) {
              assert(isWithin(audience, state.tasks.get(id)?.group?.group.visibleTo), `${task.id} not by ${id}`);
            }
          }
        });
      }),
      { numRuns: 300 },
    );
  },
});
