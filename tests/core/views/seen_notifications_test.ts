/** Shows what a restricted caller sees of the history: what it may see now, and could see then. */

import { assertEquals } from "@std/assert";
import type { Command } from "../../../src/core/messages/commands.ts";
import type { JournalRecord } from "../../../src/core/messages/events.ts";
import { type KnownCaller, localOperator } from "../../../src/core/model/access.ts";
import { MAX_PAST_AUDIENCES, MAX_PAST_AUDIENCES_OF_GROUP } from "../../../src/core/model/limits.ts";
import { decide } from "../../../src/core/rules/decide.ts";
import { applyDraft } from "../../../src/core/state/apply_draft.ts";
import { noteAudienceUntil, type PastAudiences, sawGroup } from "../../../src/core/state/past_audiences.ts";
import { emptyState } from "../../../src/core/state/state.ts";
import { answer } from "../../../src/core/views/answer.ts";
import { claim, contextAt, create, newTask, times } from "../given.ts";
import { restore, snapshotOf } from "../snapshot.ts";

const P: KnownCaller = { name: "p", role: "observer", audiences: ["p"] };

const group = (id: string, ...visibleTo: readonly string[]): Command => {
  return { type: "create_group", id, settings: visibleTo.length === 0 ? {} : { visibleTo } };
};
const show = (id: string, ...visibleTo: readonly string[]): Command => {
  return { type: "update_group", id, settings: { visibleTo: visibleTo.length === 0 ? null : visibleTo } };
};
const move = (id: string, group: string | null): Command => ({ type: "update_task", id, settings: { group } });
const member = (id: string, group: string) => create({ ...newTask(id), group });

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

/** The types and subjects that a caller sees after commands at the times 1, 2, …, also of a restored state. */
function seenBy(caller: KnownCaller, ...commands: readonly Command[]): readonly string[] {
  return seenAt(caller, ...commands.map((command, index) => [index + 1, command] as const));
}

/** The same after commands at any times of the clock. */
function seenAt(caller: KnownCaller, ...commands: readonly (readonly [at: number, Command])[]): readonly string[] {
  const state = emptyState();
  const records = commands.map(([clock, command], index): JournalRecord => {
    const now = Math.max(clock, state.recordedAt);
    const { events } = decide(state, command, { ...contextAt(now), clock });
    const at = command.type === "correct_clock" ? clock : now;
    return { ...applyDraft(state, { at, actor: "test", command: command.type, events }), seq: index + 1 };
  });
  const [seen, again] = [state, restore(snapshotOf(state))].map((each) => {
    return answer(each, { type: "select_notifications", records, filter: {}, source: "" }, { ...contextAt(99), caller })
      .map(({ type, subject, data }) => {
        const tasks = Array.isArray(data.tasks) ? ` ${data.tasks.join()}` : "";
        return `${type.slice("orchestrator.".length)} ${subject}${tasks}`;
      });
  });
  assertEquals(again, seen);
  return seen ?? [];
}

test("a group that was hidden and is shown now is told from then on", () => {
  const history = [group("g", "q"), member("a", "g"), show("g"), claim("x", "a")];
  assertEquals(seenBy(P, ...history), ["task.claimed a"]);
  assertEquals(seenBy(P, ...history.slice(0, 2)), []);
  assertEquals(seenBy(localOperator("all"), ...history).length, 5);
});

test("a group that was shown and is hidden now is told no more, also of the time before", () => {
  assertEquals(seenBy(P, group("g"), member("a", "g"), show("g", "q"), claim("x", "a")), []);
});

test("a group that was hidden for a time is told but of that time", () => {
  const history = [group("g"), member("a", "g"), show("g", "q"), claim("x", "a"), show("g"), member("b", "g")];
  // Who did not see the group before a change does not see that it changed.
  assertEquals(seenBy(P, ...history), [
    "group.created g",
    "task.created a",
    "task.ready a",
    "group.updated g",
    "task.created b",
    "task.ready b",
  ]);
});

test("a task is told where its group was shown then and its present one is shown now", () => {
  const groups = [group("open"), group("shut", "q")];
  assertEquals(seenBy(P, ...groups, member("a", "shut"), move("a", "open"), claim("x", "a")), [
    "group.created open",
    "task.claimed a",
  ]);
  assertEquals(seenBy(P, ...groups, member("a", "open"), move("a", "shut")), ["group.created open"]);
  assertEquals(seenBy(P, ...groups, create(newTask("a")), move("a", "shut"), claim("x", "a")), ["group.created open"]);
});

test("who saw a group is told of that time only, whatever a correction of the clock does to the times", () => {
  const late = 9_000_000;
  const shownOnceRight = seenAt(
    P,
    [late, group("g", "q")],
    [late + 1, member("a", "g")],
    [5, { type: "correct_clock" }],
    [6, show("g")],
    [7, claim("x", "a")],
    // As late as what was hidden by the wrong clock.
    [late + 1, member("b", "g")],
  );
  assertEquals(shownOnceRight, ["clock.corrected undefined", "task.claimed a", "task.created b", "task.ready b"]);
  const shownBefore = seenAt(
    P,
    [late, group("g", "q")],
    [late + 1, member("a", "g")],
    [late + 2, show("g")],
    [5, { type: "correct_clock" }],
    [6, claim("x", "a")],
    [7, show("g", "q")],
    [8, member("b", "g")],
    [9, show("g")],
  );
  assertEquals(shownBefore, ["clock.corrected undefined", "task.claimed a", "group.updated g"]);
});

test("only admins see from which address a call came", () => {
  const via = { transport: "http", client: "c", process: "1", address: "192.0.2.1" } as const;
  const state = emptyState();
  const { events } = decide(state, create(newTask("a")), contextAt(1));
  const draft = applyDraft(state, { at: 1, actor: "c", via, command: "create_tasks", events });
  const query = { type: "select_notifications", records: [{ ...draft, seq: 1 }], filter: {}, source: "" } as const;
  const viasFor = (caller: KnownCaller) => {
    return answer(state, query, { ...contextAt(2), caller }).map(({ data }) => data.via);
  };
  const { address: _, ...shown } = via;
  assertEquals(viasFor({ name: "admin", role: "admin" }), [via, via]);
  for (const caller of [P, { name: "w", role: "planner" }] as const) assertEquals(viasFor(caller), [shown, shown]);
});

test("a deleted group is told to those who saw it, also if another one has its id now", () => {
  const deleted: Command = { type: "delete_group", id: "g" };
  assertEquals(seenBy(P, group("g"), deleted), ["group.created g", "group.deleted g"]);
  assertEquals(seenBy(P, group("g", "q"), deleted), []);
  assertEquals(seenBy(P, group("g", "q"), deleted, group("g")), ["group.created g"]);
  assertEquals(seenBy(P, group("g", "p"), deleted, group("g", "q")), []);
});

test("a task that was created with a dependency that is hidden now is told without its creation", () => {
  const change: Command = { type: "update_task", id: "b", dependencies: [] };
  const history = [group("shut", "q"), create(newTask("a")), create(newTask("b", "a")), change, move("a", "shut")];
  assertEquals(seenBy(P, ...history), ["task.updated b", "task.ready b"]);
});

test("an instance is told with those of its tasks that are shown", () => {
  const history: readonly Command[] = [
    group("shut", "q"),
    { type: "register_instance", instance: "x", settings: { ttlMs: 1 } },
    create(newTask("a"), { ...newTask("b"), group: "shut" }),
    claim("x", "a"),
    claim("x", "b"),
    { type: "heartbeat", instance: "y" },
    { type: "heartbeat", instance: "y" },
    { type: "sweep" },
  ];
  const lost = seenBy(P, ...history).filter((each) => each.startsWith("instance.lost"));
  assertEquals(lost, ["instance.lost x a"]);
});

test("earlier audiences are bounded, and those that are forgotten hide", () => {
  const past: PastAudiences = { groups: new Map(), floor: 0 };
  const now = { visibleTo: ["p"] };
  for (const until of times(MAX_PAST_AUDIENCES_OF_GROUP + 1, (index) => index + 1)) {
    noteAudienceUntil(past, "g", { until, visibleTo: until === 1 ? ["q"] : ["p", "q"] });
  }
  assertEquals(past.groups.get("g")?.length, MAX_PAST_AUDIENCES_OF_GROUP);
  const saw = (at: number, ...audiences: readonly string[]) => sawGroup(past, { id: "g", at, now }, audiences);
  assertEquals([saw(1, "p"), saw(2, "p"), saw(3, "p"), saw(99, "p"), saw(3, "q")], [false, false, true, true, false]);
  for (const index of times(MAX_PAST_AUDIENCES, (index) => index)) {
    noteAudienceUntil(past, `other ${index}`, { until: 100 + index, visibleTo: undefined });
  }
  assertEquals([past.groups.size, past.floor], [MAX_PAST_AUDIENCES, MAX_PAST_AUDIENCES_OF_GROUP + 1]);
  assertEquals([saw(3, "p"), saw(past.floor + 1, "p")], [false, true]);
});
