/** Shows that rows have all that is shown of tasks, and that the rows since a record bring an older answer up to date. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { EDGE_KINDS, type PlanRows, ROW_FLAGS, ROW_STATUSES } from "../../../src/core/messages/plan_rows.ts";
import type { KnownCaller } from "../../../src/core/model/access.ts";
import type { ResultCondition } from "../../../src/core/model/dependency.ts";
import { PRIORITIES } from "../../../src/core/model/task.ts";
import { advanceClock } from "../../../src/core/state/evolve.ts";
import type { State } from "../../../src/core/state/state.ts";
import { answer } from "../../../src/core/views/answer.ts";
import { crowds, expiries, gatherings, turns } from "../arbitraries.ts";
import { claim, complete, contextAt, create, newTask, run, stateAfter, taskWith, times } from "../given.ts";
import { play } from "../play.ts";
import { restore, snapshotOf } from "../snapshot.ts";
import { untilReached } from "../until_reached.ts";

const CALLERS: readonly KnownCaller[] = [
  { name: "admin", role: "admin" },
  { name: "planner", role: "planner", audiences: ["p"] },
  { name: "observer", role: "observer", audiences: ["q"] },
];

for (const [name, histories] of Object.entries({ turns, gatherings, crowds, expiries })) {
  Deno.test({
    name: `in every history (${name}), an older answer with the rows since then is the present answer`,
    permissions: "none",
    fn() {
      let partial = 0;
      untilReached(() => {
        fc.assert(
          fc.property(histories(), (turns) => {
            const older = CALLERS.map((): { seq: number; rows: Rows }[] => []);
            play(turns, (state, { events, command }) => {
              if (events.length > 0) state.seq++;
              CALLERS.forEach((caller, index) => {
                const full = rowsFor(state, caller);
                for (const { seq, rows } of older[index] ?? []) {
                  const since = rowsFor(state, caller, seq);
                  const merged = new Map([...rows, ...rowsIn(since)]);
                  // Something is gone, and the client asks for all.
                  if (merged.size !== since.total) continue;
                  assertEquals(sorted(merged), sorted(rowsIn(full)), `since ${seq}, after ${JSON.stringify(command)}`);
                  if (since.rows < since.total) partial++;
                }
                older[index] = [...(older[index] ?? []), { seq: state.seq, rows: rowsIn(full) }].slice(-6);
              });
            });
          }),
          { numRuns: 40 },
        );
      }, { isReached: () => partial > 50, told: () => `only ${partial} answers left something out` });
    },
  });
}

/** What is shown of each task, by its id, without indexes. */
type Rows = ReadonlyMap<string, unknown>;

function rowsIn(rows: PlanRows): Rows {
  const { ids, from, to, kind, group_from, group_to, group_kind, joins } = rows;
  const asks = new Map(rows.asks);
  const groupAsks = new Map(rows.group_asks);
  const edges = from.map((source, index) => [to[index], [ids[source], kind[index], asks.get(index)]] as const);
  const groupEdges = group_from.map((source, index) => {
    return [group_to[index], [rows.groups[source], group_kind[index], groupAsks.get(index)]] as const;
  });
  return new Map(
    ids.slice(0, rows.rows).map((id, row) => {
      const ofRow = (all: readonly (readonly [row: number | undefined, value: unknown])[]) => {
        return all.filter(([to]) => to === row).map(([, value]) => value);
      };
      return [id, {
        title: rows.title[row],
        status: ROW_STATUSES[rows.status[row] ?? -1],
        group: rows.groups[rows.group[row] ?? -1],
        holder: rows.instances[rows.holder[row] ?? -1],
        priority: PRIORITIES[rows.priority[row] ?? -1],
        numbers: NUMBERS.map((name) => rows[name][row]),
        edges: ofRow(edges),
        groupEdges: ofRow(groupEdges),
        joins: ofRow(joins),
      }];
    }),
  );
}

const NUMBERS = [
  ...["attempt", "percent", "version", "created", "started", "finished", "lease", "deadline", "flags"] as const,
];

function sorted(rows: Rows): readonly unknown[] {
  return Array.from(rows).sort(([a], [b]) => a < b ? -1 : 1);
}

function rowsFor(state: State, caller: KnownCaller, since?: number): PlanRows {
  const context = { ...contextAt(state.now), caller };
  return answer(state, { type: "list_rows", ...(since !== undefined && { since }) }, context);
}

Deno.test({
  name: "the columns have what is shown of each task, and edges with what they require",
  permissions: "none",
  fn() {
    const state = stateAfter(
      { type: "create_group", id: "g", settings: { maxParallel: 1 } },
      create(
        { ...newTask("a"), description: "  \n\tfirst line \r\nsecond", group: "g" },
        taskWith({ priority: "urgent", group: "g", deadline: 9_000, assignTo: { instance: "y" } }, "b"),
        newTask("c", "a", { any: ["b", { task: "a", on: "failed" }] }),
        newTask("d", { task: "c", when: { exists: true } }, { at_least: "60%", of: { group: "g" } }, {
          at_least: 2,
          of: ["a", "b", { all: ["c", { group: "g", on: "finished" }] }],
        }),
      ),
      claim("x"),
      { type: "report_progress", id: "a", instance: "x", percent: 40 },
      { type: "add_note", id: "a", text: "note" },
    );
    state.seq = 5;
    const context = contextAt(6);
    const { other, ...columns } = splitOff(answer(state, { type: "list_rows" }, context));
    assertEquals(columns, {
      title: ["first line", "do b", "do c", "do d"],
      status: ["in_progress", "limited", "waiting", "waiting"].map((status) =>
        ROW_STATUSES.findIndex((each) => each === status)
      ),
      group: [0, 0, -1, -1],
      holder: [0, -1, -1, -1],
      priority: [1, 3, 1, 1],
      attempt: [1, 0, 0, 0],
      percent: [40, -1, -1, -1],
      version: [1, 1, 1, 1],
      created: [2, 2, 2, 2],
      started: [3, 0, 0, 0],
      finished: [0, 0, 0, 0],
      lease: [0, 0, 0, 0],
      deadline: [0, 9_000, 0, 0],
      flags: [ROW_FLAGS.hasNotes, ROW_FLAGS.isAssigned, 0, 0],
    });
    const { otherOutcome, onResult, alternative } = EDGE_KINDS;
    assertEquals(other, {
      seq: 5,
      now: 6,
      total: 4,
      rows: 4,
      ids: ["a", "b", "c", "d"],
      groups: ["g"],
      instances: ["x"],
      from: [0, 1, 0, 2, 0, 1, 2],
      to: [2, 2, 2, 3, 3, 3, 3],
      kind: [0, alternative, alternative | otherOutcome, onResult, alternative, alternative, alternative],
      asks: [[2, "on failed"], [3, "has result"]],
      group_from: [0, 0],
      group_to: [3, 3],
      group_kind: [alternative, alternative | otherOutcome],
      group_asks: [[1, "on finished"]],
      joins: [[2, "any"], [3, "60% of g"], [3, "2 of 3"]],
    });
  },
});

Deno.test({
  name: "an edge says shortly what it asks of the result",
  permissions: "none",
  fn() {
    const cases: readonly (readonly [ResultCondition, string])[] = [
      [{ pointer: "/verdict", equals: "changes" }, "verdict = changes"],
      [{ pointer: "/verdict", not_equals: "ok" }, "verdict ≠ ok"],
      [{ pointer: "/review/score", greater_than: 3 }, "review/score > 3"],
      [{ pointer: "/score", less_than: 3 }, "score < 3"],
      [{ pointer: "/tags", contains: ["a"] }, 'tags contains ["a"]'],
      [{ equals: null }, "result = null"],
      [{ contains: "yes" }, "result contains yes"],
      [{ pointer: "/error", exists: true }, "has error"],
      [{ pointer: "/error", exists: false }, "no error"],
      [{ equals: "x".repeat(500) }, `result = ${"x".repeat(30)}…`],
    ];
    for (const [when, text] of cases) {
      const state = stateAfter(create(newTask("a"), newTask("b", { task: "a", when })));
      const { asks } = answer(state, { type: "list_rows" }, contextAt(1));
      assertEquals(asks, [[0, text]]);
    }
  },
});

Deno.test({
  name: "the rows since a record name the tasks on which they depend, and tell what only time has changed",
  permissions: "none",
  fn() {
    const state = stateAfter(create(newTask("a"), newTask("b", "a"), taskWith({ notBefore: 500 }, "c"), newTask("d")));
    state.seq = 7;
    run(state, claim("x"), 3);
    state.seq = 8;
    const since = (seq: number) => {
      const { ids, rows, from, to, total, status } = answer(
        state,
        { type: "list_rows", since: seq },
        contextAt(state.now),
      );
      return { ids, rows, edges: from.map((source, index) => [source, to[index]]), total, status };
    };
    const running = ROW_STATUSES.indexOf("in_progress");
    assertEquals(since(8), { ids: ["a"], rows: 1, edges: [], total: 4, status: [running] });
    run(state, complete("x", "a"), 4);
    state.seq = 9;
    assertEquals(since(9).ids, ["a", "b"]);
    assertEquals(since(10).ids, ["a", "b", "c", "d"], "10 is of another journal");
    run(state, { ...claim("x"), id: "b" }, 5);
    state.seq = 10;
    assertEquals(since(10), { ids: ["b", "a"], rows: 1, edges: [[1, 0]], total: 4, status: [running] });
    advanceClock(state, 500);
    assertEquals(since(10).ids.slice(0, 2), ["b", "c"]);
    state.seq = 12;
    assertEquals(since(12).ids, []);
  },
});

Deno.test({
  name: "the rows since a record have those that a caller sees only since then",
  permissions: "none",
  fn() {
    const state = stateAfter(
      { type: "create_group", id: "g", settings: { visibleTo: ["q"] } },
      create({ ...newTask("a"), group: "g" }, newTask("b")),
    );
    state.seq = 3;
    const [, planner] = CALLERS;
    assert(planner !== undefined);
    assertEquals(rowsFor(state, planner, 0).ids, ["b"]);
    run(state, { type: "update_group", id: "g", settings: { visibleTo: ["p", "q"] } }, 4);
    state.seq = 4;
    assertEquals(rowsFor(state, planner, 4).ids, ["a"]);
  },
});

Deno.test({
  name: "a restored state answers every row to those who ask since an earlier record",
  permissions: "none",
  fn() {
    const state = stateAfter(create(...times(3, (index) => newTask(`t${index}`))));
    state.seq = 4;
    const restored = restore(snapshotOf(state));
    assertEquals(answer(restored, { type: "list_rows", since: 4 }, contextAt(9)).rows, 3);
  },
});

/** The columns of rows, and all else. */
function splitOff(all: PlanRows) {
  const {
    seq,
    now,
    total,
    rows,
    ids,
    groups,
    instances,
    from,
    to,
    kind,
    asks,
    group_from,
    group_to,
    group_kind,
    group_asks,
    joins,
    ...columns
  } = all;
  return {
    other: {
      ...{ seq, now, total, rows, ids, groups, instances, from, to, kind, asks },
      ...{ group_from, group_to, group_kind, group_asks, joins },
    },
    ...columns,
  };
}
