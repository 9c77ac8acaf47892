/** Shows what holds after every history of commands, sensible or not: the promises of the design, as properties. */

import fc from "fast-check";
import type { CommandOf } from "../../../src/core/messages/commands.ts";
import { type Event, EVENT_TYPES, type JournalRecord } from "../../../src/core/messages/events.ts";
import { type Dependency, referencesOf } from "../../../src/core/model/dependency.ts";
import { localOperator } from "../../../src/core/model/access.ts";
import type { Instance } from "../../../src/core/model/instance.ts";
import { MAX_NAMED } from "../../../src/core/model/limits.ts";
import type { Task } from "../../../src/core/model/task.ts";
import { decide } from "../../../src/core/rules/decide.ts";
import { applyWithConsequences } from "../../../src/core/state/cascade.ts";
import { advanceClock, evolve, rewindClock } from "../../../src/core/state/evolve.ts";
import type { Heap, HeapEntry } from "../../../src/core/state/heap.ts";
import { firstAnswerable, mayClaimMore, nextClaim, profileIn } from "../../../src/core/state/next_claim.ts";
import { emptyState, type State } from "../../../src/core/state/state.ts";
import { newsFor, tellsNews } from "../../../src/core/views/news.ts";
import { noTasks } from "../../../src/core/views/no_tasks.ts";
import { checkEnds } from "../../proof/history/check_ends.ts";
import { acyclicGraph, command, crowds, delays, expiries, gatherings, IDS, INSTANCES, turns } from "../arbitraries.ts";
import { claim, claimingAs, complete, contextAt, create, fail, run, waiting } from "../given.ts";
import { findTask } from "../../../src/core/state/lookup.ts";
import { decidingResult } from "../deciding_result.ts";
import { idsOf, indexesOf, lanesIn, naiveIndexesOf, type ReadyIndexes } from "../naive.ts";
import { attempt, play } from "../play.ts";
import { restore, snapshotOf } from "../snapshot.ts";
import { assert, assertEquals } from "@std/assert";
import { untilReached } from "../until_reached.ts";

Deno.test({
  name: "after every command the indexes are what tasks, groups, instances and the time make them",
  permissions: "none",
  fn() {
    fc.assert(
      fc.property(turns(), (turns) => {
        play(turns, (state) => {
          assertEquals(indexesOf(state), naiveIndexesOf(snapshotOf(state), state.now));
          assertHeaps(state);
        });
      }),
      { numRuns: 100 },
    );
  },
});

Deno.test({
  name: "the indexes are right also while groups grow and shrink under those who wait for them",
  permissions: "none",
  fn() {
    fc.assert(
      fc.property(gatherings(), (turns) => {
        const replayed = emptyState();
        play(turns, (state, { events, at }) => {
          assertEquals(indexesOf(state), naiveIndexesOf(snapshotOf(state), state.now));
          for (const event of events) evolve(replayed, event, at);
          assertEquals(snapshotOf(replayed), snapshotOf(state));
        });
      }),
      { numRuns: 100 },
    );
  },
});

Deno.test({
  name: "no history leads to a cycle, also through groups, or to a dependency or group that does not exist",
  permissions: "none",
  fn() {
    fc.assert(
      fc.property(turns(), (turns) => {
        play(turns, (state) => {
          const { tasks, groups } = snapshotOf(state);
          const groupIds = new Set(groups.map(({ id }) => id));
          for (const { group } of tasks) assert(group === undefined || groupIds.has(group), group);
          const open = new Map(tasks.map((task) => [task.id, task.dependencies.flatMap(namedBy(tasks, groupIds))]));
          for (const id of [...open.values()].flat()) assert(open.has(id), id);
          for (let before = -1; before !== open.size;) {
            before = open.size;
            for (const [id, dependencies] of open) if (!dependencies.some((each) => open.has(each))) open.delete(id);
          }
          assertEquals(open.size, 0);
        });
      }),
      { numRuns: 100 },
    );
  },
});

Deno.test({
  name: "a task is claimed only when pending, with all dependencies and bounds met, and each attempt by one instance",
  permissions: "none",
  fn() {
    fc.assert(
      fc.property(turns(), (turns) => {
        play(turns, (_, { before, now, events }) => {
          for (const event of events) {
            if (event.type !== "task.claimed") continue;
            const task = before.tasks.find(({ id }) => id === event.id);
            assertEquals(task?.status, "pending");
            assertEquals(event.attempt, (task?.attempt ?? 0) + 1);
            const ready = naiveIndexesOf(before, now).ready.find(({ id }) => id === event.id);
            assertEquals(ready?.isOpen, true);
          }
        });
      }),
      { numRuns: 100 },
    );
  },
});

Deno.test({
  name: "a claim takes the first task that the instance may do, and takes none only when there is none",
  permissions: "none",
  fn() {
    fc.assert(
      fc.property(turns(), (turns) => {
        play(turns, (state) => {
          const view = naiveViewOf(state);
          for (const instance of INSTANCES) {
            for (const command of claimsBy(state, instance)) {
              const { events, answer } = decide(state, command, contextAt(state.now));
              const expected = naiveClaim(state, command, view);
              const claimed = events.flatMap((event) => event.type === "task.claimed" ? event.id : []);
              assertEquals(claimed, expected === undefined ? [] : [expected]);
              if (expected === undefined) assertEquals(answer(state).task, undefined);
            }
          }
        });
      }),
      { numRuns: 100 },
    );
  },
});

Deno.test({
  name: "a claim takes the first task also among many that share groups and locks, whatever opens and closes",
  permissions: "none",
  fn() {
    fc.assert(
      fc.property(crowds(), (turns) => {
        play(turns, (state) => {
          const view = naiveViewOf(state);
          for (const instance of INSTANCES) {
            const claimed = nextClaim(state, profileIn(state, instance))?.task.id;
            const expected = naiveClaim(state, claim(instance), view);
            // A full instance is turned away before the next claim is asked for.
            if (expected !== undefined || mayClaimMore(state, instance)) assertEquals(claimed, expected);
          }
        });
      }),
      { numRuns: 100 },
    );
  },
});

Deno.test({
  name: "of claims that wait, the first is answered for which there is a task or news, or which can get none",
  permissions: "none",
  fn() {
    let answered = 0;
    untilReached(() => {
      for (const [histories, numRuns] of [[turns(), 25], [crowds(), 25]] as const) {
        fc.assert(
          fc.property(histories, (turns) => {
            play(turns, (state) => {
              const view = naiveViewOf(state);
              const claims = INSTANCES.flatMap((instance) => claimsBy(state, instance));
              for (const order of [claims, claims.toReversed()]) {
                const expected = order.findIndex((command) =>
                  !mayClaimMore(state, command.instance) || naiveClaim(state, command, view) !== undefined ||
                  tellsNews(newsFor(state, { instance: command.instance, caller: localOperator("test") }))
                );
                assertEquals(firstAnswerable(state, waiting(...order)) ?? -1, expected);
                if (expected > 0) answered++;
              }
            });
          }),
          { numRuns },
        );
      }
    }, { isReached: () => answered > 40, told: () => `only ${answered} times somebody behind the first` });
  },
});

Deno.test({
  name: "a draining instance leaves as soon as it holds nothing, and not before",
  permissions: "none",
  fn() {
    fc.assert(
      fc.property(turns(), (turns) => {
        play(turns, (state, { events }) => {
          for (const event of events) if (event.type === "instance.left") assert(!state.held.has(event.instance));
          for (const [id, { instance }] of state.instances) {
            if (instance.status === "draining") assert(state.held.has(id), id);
          }
        });
      }),
      { numRuns: 100 },
    );
  },
});

Deno.test({
  name: "when nothing can be claimed the reason given is the true one, and names who can change it",
  permissions: "none",
  fn() {
    fc.assert(
      fc.property(turns(), (turns) => {
        play(turns, (state) => {
          if (naiveClaim(state, claim("x")) !== undefined) return;
          const answer = noTasks(state, claimingAs(state, "x"));
          const { ready, counts, standings, held, delayTimers } = naiveIndexesOf(snapshotOf(state), state.now);
          const own = held.find(([instance]) => instance === "x")?.[1] ?? [];
          const { status, wasDraining, maxConcurrent = Infinity } = state.instances.get("x")?.instance ?? {};
          const reasons = {
            draining: status === "draining" || wasDraining === true,
            left: status === "left",
            at_capacity: own.length >= maxConcurrent,
            paused: state.pause !== undefined,
            no_tasks_exist: state.tasks.size === 0,
            limited: ready.some(({ requirement }) => isNaivelyEligible(state, claim("x"), requirement)),
            no_match: ready.length > 0,
            waiting: counts.in_progress > 0,
            delayed: standings.delayed > 0,
            blocked: standings.blocked > 0,
            // For tasks that a group does not have yet.
            "waiting ": counts.pending > 0,
            all_finished: true,
          };
          const expected = Object.entries(reasons).find(([, isTrue]) => isTrue)?.[0];
          assertEquals(answer.reason, expected?.trim());
          assertEquals(answer.running.length, Math.min(counts.in_progress, MAX_NAMED));
          assertEquals([answer.runningCount, answer.blockedCount], [counts.in_progress, standings.blocked]);
          assertEquals(answer.nextAt, delayTimers[0]?.at);
          if (standings.blocked > 0) assert(answer.blockedBy.length > 0);
          for (const { id, status } of answer.blockedBy) assertEquals(state.tasks.get(id)?.task.status, status);
          assertEquals(answer.holdingCount, own.length);
          if (own.length <= MAX_NAMED) assertEquals(answer.holding.map(({ id }) => id).toSorted(), own);
        });
      }),
      { numRuns: 100 },
    );
  },
});

Deno.test({
  name:
    "only a task's holder ends or releases it, or the rules do, and what is completed stays so until it is opened again",
  permissions: "none",
  fn() {
    fc.assert(
      fc.property(turns(), (turns) => {
        play(turns, (state, { before, command, events }) => {
          for (const task of before.tasks) {
            const now = state.tasks.get(task.id)?.task;
            const isOpened = command.type === "retry_task" && command.id === task.id;
            if (task.status !== "completed" || now === undefined || isOpened) continue;
            // Of its texts, a redaction takes some away.
            if (command.type === "redact_task" && command.id === task.id) assertEquals(now.status, task.status);
            else assertEquals(withoutNotes(now), withoutNotes(task));
          }
          for (const event of events) {
            if (!("attempt" in event) || event.type === "task.claimed") continue;
            const task = before.tasks.find(({ id }) => id === event.id);
            const holding = [event.instance, event.attempt];
            if (event.type === "task.completed" && task?.status !== "in_progress") {
              const last = task?.pastAttempts?.at(-1);
              assert(last?.outcome === "expired" || last?.outcome === "lost");
              assertEquals([last.instance, last.attempt, last.attempt], [...holding, task?.attempt]);
            } else {
              assertEquals([task?.status, task?.assignedTo, task?.attempt], ["in_progress", ...holding]);
            }
            if ("instance" in command) assertEquals(command.instance, event.instance);
            else assert(command.type === "sweep" || command.type === "bulk_update", command.type);
          }
        });
      }),
      { numRuns: 100 },
    );
  },
});

Deno.test({
  name: "no record ends a task or an attempt twice, and what has ended stays so until it is retried",
  permissions: "none",
  fn() {
    fc.assert(
      fc.property(fc.oneof(turns(), expiries()), (turns) => {
        const records: JournalRecord[] = [];
        play(turns, (_, { command, at, events }) => {
          records.push({ seq: records.length + 1, at, actor: "", command: command.type, events });
        });
        assertEquals(checkEnds({ records }), []);
        for (const { events } of records) {
          const ended = events.flatMap((event) =>
            event.type === "attempt.ended" ? [`${event.id} ${event.attempt}`] : []
          );
          assertEquals(new Set(ended).size, ended.length);
        }
      }),
      { numRuns: 600 },
    );
  },
});

Deno.test({
  name: "deciding changes nothing, whether the command is accepted or refused",
  permissions: "none",
  fn() {
    fc.assert(
      fc.property(turns(), (turns) => {
        play(turns, (state) => {
          const before = fingerprintOf(state);
          for (const { command } of turns.slice(0, 5)) attempt(state, command);
          assertEquals(fingerprintOf(state), before);
        });
      }),
      { numRuns: 100 },
    );
  },
});

Deno.test({
  name: "nothing but a Refusal is thrown, however nonsensical the command",
  permissions: "none",
  fn() {
    const nonsense = fc.oneof(
      fc.constantFrom(...IDS, "", " ", "\0", "\ud800", "\u2028", "→", "x".repeat(201), "🦕".repeat(200)),
      fc.string(),
      fc.string({ unit: "binary" }),
      fc.array(fc.nat(0xffff), { maxLength: 8 }).map((codes) => String.fromCharCode(...codes)),
    );
    const numbers = fc.oneof(fc.integer(), fc.double());
    const words = {
      id: nonsense,
      group: nonsense,
      instance: nonsense,
      name: nonsense,
      text: nonsense,
      number: numbers,
    };
    fc.assert(
      fc.property(
        turns(),
        fc.array(command(words), { maxLength: 30 }),
        (turns, commands) => {
          const state = play(turns.slice(0, 20));
          for (const command of commands) {
            const decision = attempt(state, command);
            if (decision === undefined) continue;
            applyWithConsequences(state, decision.events, 9);
            decision.answer(state);
          }
          assertEquals(indexesOf(state), naiveIndexesOf(snapshotOf(state), state.now));
        },
      ),
      { numRuns: 100 },
    );
  },
});

Deno.test({
  name: "a snapshot and the events after it make the same state as all events",
  permissions: "none",
  fn() {
    fc.assert(
      fc.property(turns(), fc.nat(), (turns, cut) => {
        const history: { readonly events: readonly Event[]; readonly at: number }[] = [];
        const state = play(turns, (_, { events, at }) => {
          if (events.length > 0) history.push({ events, at });
        });
        const start = emptyState();
        const position = cut % (history.length + 1);
        const replay = (onto: State, from: number, to?: number) => {
          for (const { events, at } of history.slice(from, to)) for (const event of events) evolve(onto, event, at);
        };
        replay(start, 0, position);
        const restored = restore(snapshotOf(start));
        replay(restored, position);
        // The process that decides may know of a later time than its journal.
        advanceClock(restored, state.now);

        assertEquals(snapshotOf(restored), snapshotOf(state));
        assertEquals(indexesOf(restored), indexesOf(state));
        assertEquals(drain(restored), drain(state));
        assertEquals(snapshotOf(restored), snapshotOf(state));
      }),
      { numRuns: 100 },
    );
  },
});

Deno.test({
  name: "a process whose clock is ahead of the records that it reads has the same state as those who wrote them",
  permissions: "none",
  fn() {
    fc.assert(
      fc.property(fc.oneof(turns(), delays()), fc.array(fc.nat(40), { minLength: 1 }), (turns, aheadMs) => {
        const ahead = emptyState();
        let read = 0;
        play(turns, (state, { events, at }) => {
          const later = Math.max(at, state.now) + aheadMs[read++ % aheadMs.length]!;
          advanceClock(ahead, later);
          for (const event of events) evolve(ahead, event, at);
          rewindClock(ahead, later);
          const writer = restore(snapshotOf(state));
          advanceClock(writer, later);
          assertEquals(snapshotOf(ahead), snapshotOf(writer));
          assertEquals(indexesOf(ahead), indexesOf(writer));
          const swept = (each: State) => decide(each, { type: "sweep" }, contextAt(later)).events;
          assertEquals(swept(ahead), swept(writer));
        });
      }),
      { numRuns: 100 },
    );
  },
});

Deno.test({
  name: "a snapshot restored after every command has the indexes of the live state, and claims the same",
  permissions: "none",
  fn() {
    fc.assert(
      fc.property(turns(), (turns) => {
        play(turns, (state) => {
          const restored = restore(snapshotOf(state));
          advanceClock(restored, state.now);
          assertEquals(indexesOf(restored), indexesOf(state));
          for (const instance of INSTANCES) {
            const eventsIn = (each: State) => decide(each, claim(instance), contextAt(state.now)).events;
            assertEquals(eventsIn(restored), eventsIn(state));
          }
        });
      }),
      { numRuns: 100 },
    );
  },
});

Deno.test({
  name: "a snapshot survives being written as JSON",
  permissions: "none",
  fn() {
    fc.assert(
      fc.property(turns(), (turns) => {
        const snapshot = snapshotOf(play(turns));
        assertEquals(JSON.parse(JSON.stringify(snapshot)), snapshot);
      }),
      { numRuns: 100 },
    );
  },
});

Deno.test({
  name: "every graph without a cycle drains by claiming and completing, each task once and after its dependencies",
  permissions: "none",
  fn() {
    fc.assert(
      fc.property(acyclicGraph(), fc.array(fc.nat(), { maxLength: 40 }), (tasks, picks) => {
        const state = emptyState();
        run(state, create(...tasks), 1);
        const finished = new Set<string>();
        const isFinished = (dependency: Dependency) => typeof dependency === "string" && finished.has(dependency);
        const held: string[] = [];
        for (let turn = 0; finished.size < tasks.length; turn++) {
          assert(turn <= 2 * tasks.length, "no progress");
          const pick = picks[turn % Math.max(picks.length, 1)] ?? 0;
          const claimed = pick % 3 === 0 && held.length > 0 ? undefined : run(state, claim("x"), turn).answer.task;
          if (claimed !== undefined) {
            assert(claimed.dependencies.every(isFinished));
            held.push(claimed.id);
            continue;
          }
          const [id] = held.splice(pick % held.length, 1);
          assert(id !== undefined, "nothing to claim and nothing held");
          const { unlocked, unlockedCount } = run(state, complete("x", id), turn).answer;
          finished.add(id);
          assertEquals(unlockedCount, unlocked.length);
          assertEquals(
            unlocked.map((task) => task.id).toSorted(),
            tasks.filter(({ dependencies }) => dependencies.includes(id) && dependencies.every(isFinished)).map((
              task,
            ) => task.id).toSorted(),
          );
        }
        assertEquals(state.counts.completed, tasks.length);
        assertEquals(held, []);
      }),
      { numRuns: 100 },
    );
  },
});

Deno.test({
  name: "the random histories reach every event and most refusals",
  permissions: "none",
  fn() {
    const refusals = [
      "already_exists",
      "cycle",
      "dependency_not_found",
      "has_dependents",
      "instance_in_use",
      "invalid_value",
      "limit_reached",
      "not_eligible",
      "not_found",
      "not_holder",
      "not_ready",
      "not_visible",
      "stale_attempt",
      "stale_version",
      "wrong_state",
    ];
    // A clock that is behind by more than a minute is in `clock_correction_test.ts`.
    const events = EVENT_TYPES.filter((type) => type !== "clock.corrected");
    const expected = [...events, ...refusals].toSorted();
    const seen = new Set<string>();
    for (const each of fc.sample(turns(), { numRuns: 700, seed: 1 })) {
      play(each, (_, { events, refusal }) => {
        for (const event of events) seen.add(event.type);
        if (refusal !== undefined) seen.add(refusal.code);
      });
      if (seen.size === expected.length) break;
    }
    assertEquals([...seen].toSorted(), expected);
  },
});

/** Notes are added to tasks in any state. */
function withoutNotes({ notes: _n, notesDropped: _d, ...task }: Task): Task {
  return task;
}

/** The tasks that a dependency names, members of groups included. */
function namedBy(tasks: readonly Task[], groups: ReadonlySet<string>) {
  return (dependency: Dependency): readonly string[] =>
    Array.from(referencesOf(dependency)).flatMap(({ type, id }) => {
      if (type === "task") return [id];
      assert(groups.has(id), id);
      return tasks.filter(({ group }) => group === id).map((task) => task.id);
    });
}

/** Claims of an instance with different offers, of all tasks and of each group. */
function claimsBy(state: State, instance: string): readonly CommandOf<"claim_task">[] {
  const offers = [{}, { roles: ["r", "s"] }, { roles: [], capabilities: ["r", "constructor"] }];
  const scopes = [{}, ...Array.from(state.groups.keys(), (group) => ({ group }))];
  return offers.flatMap((offer) => scopes.map((scope) => ({ ...claim(instance), ...offer, ...scope })));
}

/**
 * The task that a claim which names none takes: of those that the instance may do now the first one; of equals first
 * one that no other instance could do. In its place one of equal rank and kind that continues the instance's own work.
 */
function naiveClaim(
  state: State,
  command: CommandOf<"claim_task">,
  { ready, active } = naiveViewOf(state),
): string | undefined {
  const { status, wasDraining, maxConcurrent = Infinity } = state.instances.get(command.instance)?.instance ?? {};
  const holding = Array.from(state.tasks.values()).filter(({ task }) => {
    return task.status === "in_progress" && task.assignedTo === command.instance;
  });
  const isGoing = status === "draining" || wasDraining === true || status === "left";
  if (isGoing || holding.length >= maxConcurrent || state.pause !== undefined) return undefined;
  const isAsked = (id: string) => command.group === undefined || state.tasks.get(id)?.task.group === command.group;
  const mine = ready.filter(({ id, isOpen, requirement }) => {
    return isAsked(id) && isOpen && isNaivelyEligible(state, command, requirement);
  });
  const equals = mine.filter(({ claimAt, isUrgent }) => claimAt === mine[0]?.claimAt && isUrgent === mine[0].isUrgent);
  const first = equals.find(({ requirement }) => isSpecial(state, { requirement, active })) ?? equals[0];
  if (first === undefined) return undefined;
  const node = (id: string) => state.tasks.get(id);
  const ownWork = (id: string) =>
    node(id)?.task.dependencies.some((dependency) => {
      const task = typeof dependency === "string" ? node(dependency)?.task : undefined;
      return task?.status === "completed" && task.assignedTo === command.instance;
    });
  if (node(first.id)?.task.dependencies.length === 0) return first.id;
  const sameKind = equals.filter(({ id }) => node(id)?.lane === node(first.id)?.lane);
  return (sameKind.find(({ id }) => ownWork(id)) ?? first).id;
}

/** What claims are worked out from: the same for all claims at a state. */
interface NaiveView {
  readonly ready: readonly ReadyIndexes[];
  readonly active: readonly Instance[];
}

function naiveViewOf(state: State): NaiveView {
  const snapshot = snapshotOf(state);
  const active = snapshot.instances.filter(({ status }) => status === "active");
  return { ready: naiveIndexesOf(snapshot, state.now).ready, active };
}

/** Whether at most one active instance could do it, and not simply anybody. */
function isSpecial(
  state: State,
  { requirement, active }: Pick<ReadyIndexes, "requirement"> & Pick<NaiveView, "active">,
): boolean {
  const { instance, roles, capabilities, excluded } = requirement;
  if (instance === undefined && [roles, capabilities, excluded].every(({ length }) => length === 0)) return false;
  return active.filter(({ id }) => isNaivelyEligible(state, claim(id), requirement)).length <= 1;
}

function isNaivelyEligible(
  state: State,
  { instance, roles, capabilities }: CommandOf<"claim_task">,
  requirement: ReadyIndexes["requirement"],
): boolean {
  if (requirement.excluded.includes(instance)) return false;
  if (requirement.instance !== undefined) return requirement.instance === instance;
  const registered: Partial<Instance> = state.instances.get(instance)?.instance ?? {};
  const has = (offered: readonly string[] = [], asked: readonly string[]) => asked.every((it) => offered.includes(it));
  return has(roles ?? registered.roles, requirement.roles) &&
    has(capabilities ?? registered.capabilities, requirement.capabilities);
}

/** The first of each heap comes first, every entry knows its place, and no place is known outside. */
function assertHeaps(state: State): void {
  const { tasks, ready, groups, delayTimers, expiryTimers, waiting, blocked, running } = state;
  const buckets = [...ready.buckets.values()];
  for (const { lanes, queue, size, locked, order } of buckets) {
    assertIsHeap(queue);
    assertEquals(new Set(lanes.values()), new Set(queue.entries));
    assertEquals(order, queue.entries[0]?.order);
    for (const { tasks: { entries: [first, ...more] }, size, isUrgent, claimAt, order } of lanes.values()) {
      assertEquals(size, 1 + more.length);
      assertEquals([isUrgent, claimAt, order], [first?.urgent !== undefined, first?.claimAt, first?.task.order]);
    }
    assertEquals(size, sumOf([...lanes.values()].map(({ size }) => size)));
    assertEquals(locked, sumOf([...lanes.values()].filter(({ taken }) => taken > 0).map(({ size }) => size)));
  }
  const demands = [...ready.fleet.demands.values()];
  assertEquals(sumOf(demands.map(({ buckets }) => buckets)), buckets.length);
  for (const { demand } of buckets) assert(demands.includes(demand));
  const lists = [...lanesIn(state).map(({ tasks }) => tasks), waiting, blocked, running];
  for (const list of lists.slice(0, -3)) assert(list.entries.length > 0);
  lists.push(...Array.from(groups.values(), ({ failing }) => failing));
  lists.forEach(assertIsHeap);
  assertIsHeap(ready.urgent);
  assertIsHeap(delayTimers);
  assertIsHeap(expiryTimers);
  const nodes = [...tasks.values()];
  assertEquals(
    nodes.filter(({ heapIndex }) => heapIndex >= 0).length,
    sumOf(lists.map(({ entries }) => entries.length)),
  );
  assertEquals(nodes.filter(({ lane }) => lane !== undefined).length, sumOf(buckets.map(({ size }) => size)));
  assertEquals(nodes.filter(({ urgent }) => urgent !== undefined).length, ready.urgent.entries.length);
  assertEquals(nodes.filter(({ delayTimer }) => delayTimer !== undefined).length, delayTimers.entries.length);
}

function sumOf(figures: readonly number[]): number {
  return figures.reduce((sum, figure) => sum + figure, 0);
}

function assertIsHeap<E extends HeapEntry>({ entries, isBefore }: Heap<E>): void {
  entries.forEach((entry, index) => {
    const parent = entries[(index - 1) >> 1] ?? entry;
    assert(!isBefore(entry, parent));
    assertEquals(entry.heapIndex, index);
  });
}

/** All that there is in a state, the order of sets and of the heaps included. */
function fingerprintOf(state: State): string {
  const { ready, waiting, blocked, running, held, delayTimers, expiryTimers, recordedAt, now, nextOrder } = state;
  return JSON.stringify([
    [snapshotOf(state), indexesOf(state), recordedAt, now, nextOrder],
    lanesIn(state).map(({ key, bucket, tasks }) => [bucket.key, key, idsOf(tasks.entries)]),
    [waiting, blocked, running].map(({ entries }) => idsOf(entries)),
    [ready.urgent.entries.map(({ target }) => target.task.id), [...held.keys()], Array.from(held.values(), idsOf)],
    [idsOf(delayTimers.entries.map(({ target }) => target)), expiryTimers.entries.map(({ at }) => at)],
  ]);
}

/** The tasks in the order in which claims hand them out until none is left. */
function drain(state: State): readonly string[] {
  const ids: string[] = [];
  for (const _ of state.tasks) {
    const { task } = run(state, claim("x"), 999).answer;
    if (task === undefined) break;
    ids.push(task.id);
    const result = decidingResult(findTask(state, task.id));
    run(state, result === undefined ? fail("x", task.id) : complete("x", task.id, result), 999);
  }
  return ids;
}
