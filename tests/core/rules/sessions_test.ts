/** Shows that a connected client keeps its tasks, and what becomes of them when its session ends. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import type { AnswerOf, Command, CommandOf, CommandType, LastCall } from "../../../src/core/messages/commands.ts";
import { type Event, taskIdsOf } from "../../../src/core/messages/events.ts";
import { type Caller, localOperator, type Via } from "../../../src/core/model/access.ts";
import { MAX_NAMED, MAX_RECORD_TASKS } from "../../../src/core/model/limits.ts";
import { Refusal } from "../../../src/core/model/refusal.ts";
import type { TaskSettings } from "../../../src/core/model/task.ts";
import { decide, refusedEvents } from "../../../src/core/rules/decide.ts";
import { applyWithConsequences } from "../../../src/core/state/cascade.ts";
import { advanceClock } from "../../../src/core/state/evolve.ts";
import { emptyState, type State } from "../../../src/core/state/state.ts";
import { answer } from "../../../src/core/views/answer.ts";
import { newTask, oldTask, times } from "../given.ts";
import { restore, snapshotOf } from "../snapshot.ts";

/** Time of the first call, in milliseconds since the Unix epoch. */
const START = 1_000;
const GRACE_MS = 100;

const OPERATOR = localOperator("test");

type HolderCall = Extract<Command, { readonly attempt?: number; readonly id: string; readonly instance: string }>;

/** A plan that several callers work on. Each call comes at the time `now`. */
class Scene {
  now = START;
  /** The lease of a claim without a session, as a process that serves HTTP has it. */
  leaseMs: number | undefined;
  readonly state: State = emptyState();

  create(settings: TaskSettings, ...ids: readonly string[]): void {
    this.call({ type: "create_tasks", tasks: ids.map((id) => ({ ...newTask(id), ...settings })) });
  }

  /** Carries a command out; returns its events and its answer. */
  call<K extends CommandType>(command: CommandOf<K>, from?: string | Via) {
    advanceClock(this.state, this.now);
    const { events, answer } = decide(this.state, command, this.context(from));
    const applied = applyWithConsequences(this.state, events, this.now);
    return { events: applied, answer: answer(this.state) as AnswerOf<K> };
  }

  events(command: Command, from?: string): readonly Event[] {
    return this.call<CommandType>(command, from).events;
  }

  refused(command: Command, from?: string): Refusal {
    advanceClock(this.state, this.now);
    const context = this.context(from);
    const refusal = assertThrows(() => decide<CommandType>(this.state, command, context), Refusal);
    applyWithConsequences(this.state, refusedEvents<CommandType>(this.state, command, context), this.now);
    return refusal;
  }

  claim(instance: string, from?: string | Via) {
    return this.call({ type: "claim_task", instance }, from).answer;
  }

  end(session: string, how: "closed" | "lost" = "lost", graceMs = GRACE_MS) {
    return this.call({ type: "end_session", session, how, graceMs });
  }

  /** Lets time pass, and sweeps. */
  pass(ms: number): readonly Event[] {
    this.now += ms;
    return this.call({ type: "sweep" }).events;
  }

  task(id: string) {
    const task = this.state.tasks.get(id)?.task;
    assert(task !== undefined);
    return task;
  }

  /** Calls of instances just now. */
  calls(...instances: readonly string[]): readonly LastCall[] {
    return instances.map((instance) => ({ instance, at: this.now }));
  }

  /** Which heartbeats a waiting claim needs. */
  watchClaim(instance: string, session: string) {
    const claims = [{ command: { type: "claim_task", instance }, caller: this.context(session).caller }] as const;
    const found = answer(this.state, { type: "look_for_claims", claims }, this.context());
    return { needHeartbeat: found.needHeartbeat, heartbeatInMs: found.heartbeatInMs };
  }

  watch(instances: readonly string[] = [], after = "", limit = 10) {
    const calls = this.calls(...instances);
    return answer(this.state, { type: "watch_sessions", calls, after, limit }, this.context());
  }

  context(from?: string | Via) {
    const via = typeof from === "string" ? { transport: "stdio" as const, session: from } : from;
    const caller: Caller = from === undefined ? OPERATOR : localOperator("client", via);
    const { now, leaseMs } = this;
    return { caller, now, clock: now, defaults: {}, ...(leaseMs !== undefined && { leaseMs }) };
  }
}

function test(name: string, act: (scene: Scene) => void): void {
  Deno.test({ name, permissions: "none", fn: () => act(new Scene()) });
}

test("a task that a client on stdio claims is of its session, and has a lease only with timeout_ms", (scene) => {
  scene.create({}, "a", "b", "c");
  scene.create({ timeoutMs: 50 }, "d");
  const sessions = ["s", undefined, { transport: "cli", session: "s" } as const, "s"].map((from) => {
    const { task } = scene.claim("x", from);
    return [task?.id, task?.session, task?.leaseUntil];
  });
  assertEquals(sessions, [
    ["a", "s", undefined],
    ["b", undefined, undefined],
    ["c", undefined, undefined],
    ["d", "s", START + 50],
  ]);
});

test("a task with timeout_ms goes by its lease, whatever becomes of its session", (scene) => {
  scene.create({ timeoutMs: 50 }, "a", "b");
  scene.claim("x", "s");
  scene.claim("y", "s");
  const kept = () => answer(scene.state, { type: "get_task", id: "a" }, scene.context()).kept;
  assertEquals(kept(), "until 1970-01-01T00:00:01.050Z, or longer if it calls before");
  const { events } = scene.end("s", "lost", 10);
  assertEquals(events, [{ type: "session.lost", session: "s", until: START + 10, tasks: ["a", "b"] }]);
  assertEquals([scene.task("a").session, scene.task("a").leaseUntil], [undefined, START + 50]);
  assertEquals(kept(), "until 1970-01-01T00:00:01.050Z, or longer if it calls before");
  assertEquals(scene.pass(10), [], "a grace is not for leases");
  scene.events({ type: "heartbeat", instance: "x" }, "t");
  const { session, leaseUntil = 0 } = scene.task("a");
  assertEquals([session, leaseUntil > START + 50], ["t", true]);
  const ended = scene.pass(50 - 10);
  assertEquals(ended.map((event) => [event.type, "outcome" in event && event.outcome, taskIdsOf(event)]), [
    ["attempt.ended", "expired", ["b"]],
  ]);
  assertEquals(scene.pass(leaseUntil - scene.now).map(taskIdsOf), [["a"]], "a live session does not extend it");
});

const HTTP: Via = { transport: "http", session: "h" };

test("a task without timeout_ms that a client over HTTP claims is leased, and each call extends the lease", (scene) => {
  scene.leaseMs = 50;
  scene.create({}, "a", "b");
  scene.create({ timeoutMs: 20 }, "c");
  const claim = (from: Via | string) => {
    const { task } = scene.claim("x", from);
    return [task?.id, task?.session, task?.leaseUntil, task?.leaseMs];
  };
  assertEquals([claim(HTTP), claim("s")], [["a", undefined, START + 50, 50], ["b", "s", undefined, undefined]]);
  assertEquals(claim(HTTP), ["c", undefined, START + 20, 50]);
  assertEquals(scene.watch(["x"]), { sessions: ["s"], returned: [] }, "its client is not gone");
  scene.leaseMs = undefined;
  scene.now += 1;
  scene.events({ type: "heartbeat", instance: "x" });
  assertEquals([scene.task("a").leaseUntil, scene.task("c").leaseUntil], [scene.now + 75, scene.now + 30]);
  assertEquals(scene.pass(74).map((event) => "id" in event && event.id), ["c"]);
  const [expired] = scene.pass(1);
  assert(expired?.type === "attempt.ended");
  assertEquals([expired.id, expired.outcome], ["a", "expired"]);
  assertEquals([scene.task("a").leaseUntil, scene.task("a").leaseMs], [undefined, undefined]);
});

test("a timeout takes the place of the lease, and when it is removed, the lease is back", (scene) => {
  scene.leaseMs = 50;
  scene.create({}, "a");
  scene.claim("x", HTTP);
  scene.call({ type: "update_task", id: "a", settings: { timeoutMs: 500 } });
  assertEquals(scene.task("a").leaseUntil, START + 500);
  scene.call({ type: "update_task", id: "a", settings: { timeoutMs: null } });
  scene.now += 460;
  scene.call({ type: "heartbeat", instance: "x" }, HTTP);
  assertEquals(scene.task("a").leaseUntil, START + 460 + 75);
});

test("a silent client loses nothing while it is connected", (scene) => {
  scene.create({}, "a");
  scene.claim("x", "s");
  assertEquals(scene.pass(1e12), []);
  assertEquals(scene.task("a").status, "in_progress");
});

for (const how of ["closed", "lost"] as const) {
  test(`when a session is ${how}, its tasks go back after the grace, with a failure and a pause`, (scene) => {
    scene.create({ backoff: { initialIntervalMs: 7 } }, "a");
    scene.create({}, "other");
    scene.claim("x", "s");
    scene.claim("y", "t");
    scene.call({ type: "report_progress", id: "a", instance: "x", message: "half done" }, "s");
    const { events, answer } = scene.end("s", how);
    assertEquals(events, [{ type: `session.${how}`, session: "s", until: START + GRACE_MS, tasks: ["a"] }]);
    assertEquals(events.map(taskIdsOf), [["a"]]);
    assertEquals(answer, { ended: 1, remaining: 0 });
    assertEquals([scene.task("a").session, scene.task("a").leaseUntil], [undefined, START + GRACE_MS]);
    assertEquals(scene.end("s", how).events, [], "it is ended once");
    assertEquals(scene.pass(GRACE_MS - 1), []);
    assertEquals(scene.pass(1), [{
      type: "attempt.ended",
      id: "a",
      instance: "x",
      attempt: 1,
      outcome: "lost",
      error: "Its client was gone and did not come back; its last progress: half done",
      retryAt: START + GRACE_MS + 7,
    }]);
    const { status, failures, pastAttempts, leaseUntil } = scene.task("a");
    assertEquals([status, failures, leaseUntil], ["pending", 1, undefined]);
    assertEquals(pastAttempts?.map(({ outcome }) => outcome), ["lost"]);
    assertEquals(scene.task("other").session, "t");
  });
}

test("the last attempt of a task fails it, and says that its client was gone", (scene) => {
  scene.create({ maxAttempts: 1 }, "a");
  scene.claim("x", "s");
  scene.end("s");
  scene.pass(GRACE_MS);
  const { status, error } = scene.task("a");
  assertEquals([status, error], [
    "failed",
    "Its client was gone and did not come back, and its 1 attempts are used up",
  ]);
});

test("without a grace, the tasks of an ended session go back at once", (scene) => {
  scene.create({}, "a");
  scene.claim("x", "s");
  scene.end("s", "closed", 0);
  assertEquals(scene.pass(0).map(({ type }) => type), ["attempt.ended"]);
});

test("a late completion counts until somebody claims the task", (scene) => {
  scene.create({}, "a");
  scene.claim("x", "s");
  scene.end("s");
  scene.pass(GRACE_MS);
  scene.call({ type: "complete_task", id: "a", instance: "x", attempt: 1, result: "late" }, "t");
  assertEquals(scene.task("a").result, "late");
});

test("any call of its instance in another session keeps a task for that one", (scene) => {
  const calls: readonly Command[] = [
    { type: "heartbeat", instance: "x" },
    { type: "claim_task", instance: "x" },
    { type: "register_instance", instance: "x", settings: {} },
    { type: "report_progress", id: "a", instance: "x" },
    { type: "complete_task", id: "b", instance: "x", result: "" },
  ];
  for (const call of calls) {
    const scene = new Scene();
    scene.create({}, "a", "b");
    scene.create({ timeoutMs: 5_000 }, "leased");
    for (let count = 0; count < 3; count++) scene.claim("x", "s");
    scene.end("s");
    const [event] = scene.events(call, "t");
    const tasks = [...(call.type === "complete_task" ? ["a"] : ["a", "b"]), "leased"];
    assertEquals(event, { type: "session.resumed", session: "t", instance: "x", tasks }, call.type);
    assertEquals([scene.task("a").session, scene.task("a").leaseUntil], ["t", undefined]);
    assertEquals([scene.task("leased").session, scene.task("leased").leaseUntil], ["t", START + 5_000]);
    assertEquals(scene.pass(GRACE_MS), []);
    assertEquals(scene.watch().sessions, ["t"]);
  }
  scene.create({}, "a");
  scene.claim("x", "s");
  scene.end("s");
  assertEquals(scene.refused({ type: "complete_task", id: "no", instance: "x", result: "" }, "t").code, "not_found");
  assertEquals(scene.task("a").session, "t", "a refused call is a sign of life, too");
});

test("what another may do in its name does not bring an instance back, nor does a call without a session", (scene) => {
  scene.create({}, "a", "b");
  scene.claim("x", "s");
  scene.claim("x", "s");
  scene.end("s");
  scene.call({ type: "release_task", id: "b", instance: "x" }, "t");
  scene.call({ type: "heartbeat", instance: "x" });
  scene.call({ type: "heartbeat", instance: "y" }, "t");
  assertEquals(scene.pass(GRACE_MS).map(taskIdsOf), [["a"]]);
});

test("tasks are brought over for instances that have called in a session before the other one ended", (scene) => {
  scene.create({}, "a", "b", "c");
  for (const instance of ["x", "y", "z"]) scene.claim(instance, "s");
  assertEquals(scene.watch(["x", "y"]), { sessions: ["s"], returned: [] });
  scene.end("s");
  assertEquals(scene.watch(["x", "y", "nobody"]), { sessions: [], returned: scene.calls("x", "y") });
  const calls = scene.calls("x", "y", "x", "nobody");
  const { events, answer } = scene.call({ type: "resume_tasks", session: "t", calls });
  assertEquals(events, [
    { type: "session.resumed", session: "t", instance: "x", tasks: ["a"] },
    { type: "session.resumed", session: "t", instance: "y", tasks: ["b"] },
  ]);
  assertEquals(answer, { resumed: 2 });
  assertEquals(scene.watch(["x", "y", "z"]), { sessions: ["t"], returned: scene.calls("z") });
});

test("a call before a task was claimed brings it over to nobody", (scene) => {
  scene.create({}, "a", "b");
  scene.claim("x", "s");
  const calls = scene.calls("x");
  scene.pass(1);
  scene.claim("x", "s");
  scene.end("s");
  const { events } = scene.call({ type: "resume_tasks", session: "t", calls });
  assertEquals(events, [{ type: "session.resumed", session: "t", instance: "x", tasks: ["a"] }]);
  assertEquals(scene.call({ type: "resume_tasks", session: "t", calls }).events, []);
  assertEquals(scene.task("b").session, undefined);
});

test("what another connected client claimed under the same id is not handed out again, told of, or left", (scene) => {
  scene.create({}, "a", "b");
  scene.call({ type: "register_instance", instance: "x", settings: {} }, "s");
  scene.claim("x", "s");
  const claim = { type: "claim_task", instance: "x", id: "a" } as const;
  const refusal = scene.refused(claim, "t");
  assertEquals(refusal.code, "instance_in_use");
  assert(refusal.message.startsWith("Cannot claim task a as instance id x is in use in two connected clients"));
  assertEquals(scene.call(claim, "s").answer.task?.attempt, 1);
  assertEquals(scene.call({ type: "heartbeat", instance: "x" }, "t").answer.holding, []);
  assertEquals(scene.call({ type: "heartbeat", instance: "x" }, "s").answer.holding.length, 1);
  const leave = { type: "leave", instance: "x" } as const;
  assertEquals(scene.refused(leave, "t").data, { instance: "x", tasks: ["a"] });
  assertEquals(scene.call({ ...leave, isDraining: true }, "t").answer.status, "draining");
  assertEquals(scene.call(leave, "s").answer.status, "left");
  assertEquals(scene.task("a").status, "pending");
});

test("the sessions that keep tasks are told in pages, in the order of their ids", (scene) => {
  const ids = times(5, (index) => `s${index}`);
  scene.create({}, ...ids);
  for (const id of ids.toReversed()) scene.claim("x", id);
  assertEquals(scene.watch([], "", 2).sessions, ["s0", "s1"]);
  assertEquals(scene.watch([], "s1", 2).sessions, ["s2", "s3"]);
  assertEquals(scene.watch([], "s3", 2).sessions, ["s4"]);
});

test("one record ends or resumes a session for at most as many tasks as it has room for", (scene) => {
  const ids = times(MAX_RECORD_TASKS + 1, (index) => `t${index}`);
  for (const part of [ids.slice(0, 1_000), ids.slice(1_000)]) scene.create({}, ...part);
  for (const _ of ids) scene.claim("x", "s");
  assertEquals(scene.end("s").answer, { ended: MAX_RECORD_TASKS, remaining: 1 });
  assertEquals(scene.end("s").answer, { ended: 1, remaining: 0 });
  const resume = { type: "resume_tasks", session: "t", calls: scene.calls("x") } as const;
  assertEquals(times(3, () => scene.call(resume).answer.resumed), [MAX_RECORD_TASKS, 1, 0]);
  scene.end("t");
  scene.end("t");
  const [event] = scene.events({ type: "heartbeat", instance: "x" }, "u");
  assertEquals(event && taskIdsOf(event).length, MAX_RECORD_TASKS);
});

test("what another connected client claimed under the same id cannot be ended without its attempt", () => {
  const calls: readonly HolderCall[] = [
    { type: "complete_task", id: "a", instance: "x", result: "" },
    { type: "fail_task", id: "a", instance: "x", error: "" },
    { type: "report_progress", id: "a", instance: "x" },
    { type: "release_task", id: "a", instance: "x" },
  ];
  const kinds: readonly TaskSettings[] = [{}, { timeoutMs: 5_000 }];
  for (const [call, settings] of calls.flatMap((call) => kinds.map((settings) => [call, settings] as const))) {
    const scene = new Scene();
    scene.create(settings, "a");
    scene.claim("x", "s");
    const refusal = scene.refused(call, "t");
    assertEquals(refusal.code, "instance_in_use");
    assert(refusal.message.includes("instance id x is in use in two connected clients"), refusal.message);
    // Only who hands a task back is told the attempt: anybody may free the task of a worker that hangs.
    assertEquals(refusal.message.includes("attempt 1"), call.type === "release_task", refusal.message);
    for (const from of ["s", undefined]) {
      const copy = new Scene();
      copy.create(settings, "a");
      copy.claim("x", "s");
      assertEquals(copy.events(call, from).filter(({ type }) => type !== "tasks.ready").length, 1);
    }
    assertEquals(scene.events({ ...call, attempt: 1 }, "t").filter(({ type }) => type !== "tasks.ready").length, 1);
  }
  for (const settings of kinds) {
    const scene = new Scene();
    scene.create(settings, "b");
    scene.claim("x", "s");
    scene.end("s");
    scene.call({ type: "complete_task", id: "b", instance: "x", result: "" }, "t");
    assertEquals(scene.task("b").status, "completed", "an ended session forbids nothing");
  }
});

test("calls of one client extend no lease of a task that another one claimed, unless they report on it", (scene) => {
  scene.create({ timeoutMs: 50 }, "a", "b");
  scene.claim("ann", "s");
  const { leaseUntil = 0 } = scene.task("a");
  scene.now += 30;
  const heartbeat = { type: "heartbeat", instance: "ann" } as const;
  assertEquals(scene.events(heartbeat, "t"), []);
  assertEquals(scene.watchClaim("ann", "t"), { needHeartbeat: [], heartbeatInMs: undefined });
  assertEquals(scene.watchClaim("ann", "s"), { needHeartbeat: ["ann"], heartbeatInMs: 0 });
  scene.claim("ann", "t");
  scene.now += 10;
  const renewed = { type: "instance.renewed", instance: "ann", session: "t" } as const;
  assertEquals(scene.events(heartbeat, "t"), [renewed]);
  assertEquals([scene.task("a").leaseUntil, scene.task("b").leaseUntil], [leaseUntil, scene.now + 75]);
  const report = { type: "report_progress", id: "a", instance: "ann" } as const;
  scene.refused(report, "t");
  assertEquals(scene.task("a").leaseUntil, leaseUntil);
  const [first] = scene.events({ ...report, attempt: 1 }, "t");
  assertEquals(first, { ...renewed, reported: "a" });
  assertEquals(scene.task("a").leaseUntil, scene.now + 75);
  scene.now += 70;
  scene.call(heartbeat, "t");
  assertEquals(scene.pass(5).map(({ type }) => type), ["attempt.ended"]);
  assertEquals([scene.task("a").status, scene.task("b").status], ["pending", "in_progress"]);
});

test("a note on a task with timeout_ms is told to the client that claimed it, and not to another one", (scene) => {
  scene.create({ timeoutMs: 5_000 }, "a");
  scene.claim("x", "s");
  scene.call({ type: "add_note", id: "a", text: "mind the gap" });
  const notesIn = (session: string) => scene.call({ type: "heartbeat", instance: "x" }, session).answer.notes;
  assertEquals([notesIn("t"), notesIn("s")?.map(({ text }) => text)], [undefined, ["mind the gap"]]);
});

test("when a session ends, its instances are told elsewhere of what was cancelled in it", (scene) => {
  const cancelledIn = (session: string, instance: string) =>
    scene.call({ type: "heartbeat", instance }, session).answer.cancelledTasks?.map(({ id }) => id);
  scene.create({}, "a", "b");
  scene.create({ timeoutMs: 5_000 }, "c");
  scene.claim("x", "s");
  scene.claim("y", "u");
  scene.claim("x", "s");
  for (const id of ["a", "b", "c"]) scene.call({ type: "cancel_task", id });
  assertEquals([cancelledIn("t", "x"), scene.watch().sessions], [undefined, ["s", "u"]]);
  const { events } = scene.end("s");
  assertEquals(events, [{ type: "session.lost", session: "s", until: START + GRACE_MS, tasks: [] }]);
  assertEquals([scene.end("s").events, scene.watch().sessions], [[], ["u"]]);
  assertEquals([cancelledIn("t", "x"), cancelledIn("t", "x"), cancelledIn("t", "y")], [
    ["a", "c"],
    undefined,
    undefined,
  ]);
  assertEquals(cancelledIn("u", "y"), ["b"]);
  assertEquals(scene.end("u").events, [], "all has been told");
});

test("a claim names what another connected client holds under the same id", (scene) => {
  const ids = times(MAX_NAMED + 2, (index) => `t${index}`);
  scene.create({ timeoutMs: 5_000 }, ...ids.slice(0, 3));
  scene.create({}, ...ids.slice(3), "last");
  for (const _ of ids) assertEquals(scene.claim("x", "s").heldElsewhere, undefined);
  assertEquals(scene.claim("x", "t").heldElsewhere, ids.slice(0, MAX_NAMED));
  const none = scene.claim("x", "t");
  assertEquals([none.task, none.heldElsewhere], [undefined, ids.slice(0, MAX_NAMED)]);
  assertEquals(scene.claim("x", "s").heldElsewhere, ["last"]);
  assertEquals(scene.claim("x").heldElsewhere, undefined);
  assertEquals(scene.claim("y", "t").heldElsewhere, undefined);
});

test("each client is told of the tasks that itself lost under an instance id, however the instance returns", (scene) => {
  const register = (from: string, ttlMs = 50) =>
    scene.call({ type: "register_instance", instance: "x", settings: { ttlMs } }, from).answer.lostTasks;
  scene.create({}, "of s", "of t");
  scene.create({ timeoutMs: 1_000 }, "leased");
  register("s");
  for (const from of ["s", "t", "s"]) scene.claim("x", from);
  const lost = scene.pass(50).findLast(({ type }) => type === "instance.lost");
  const tasks = ["of s", "of t", "leased"];
  const sessions = { "of s": "s", "of t": "t", leased: "s" };
  assertEquals(lost, { type: "instance.lost", instance: "x", tasks, sessions });
  assertEquals(snapshotOf(restore(snapshotOf(scene.state))), snapshotOf(scene.state));
  assertEquals(register("s"), ["of s", "leased"]);
  assertEquals(scene.events({ type: "heartbeat", instance: "x" }, "s"), []);
  assertEquals(scene.call({ type: "heartbeat", instance: "x" }, "t").answer.lostTasks, ["of t"]);
  assertEquals(register("t"), []);
});

for (const how of ["closed", "lost"] as const) {
  test(`when a session is ${how}, news for it are told to the next call under the instance id`, (scene) => {
    scene.create({}, "cancelled", "lost", "b");
    scene.call({ type: "register_instance", instance: "x", settings: { ttlMs: 50 } }, "s");
    for (const _ of [1, 2]) scene.claim("x", "s");
    scene.call({ type: "cancel_task", id: "cancelled" });
    scene.pass(50);
    assertEquals(scene.watch().sessions, ["s"]);
    const news = (from: string) => {
      const { cancelledTasks, lostTasks } = scene.call({ type: "heartbeat", instance: "x" }, from).answer;
      return [cancelledTasks?.map(({ id }) => id), lostTasks];
    };
    assertEquals(news("t"), [undefined, []], "its client may still call");
    const end = { type: `session.${how}` as const, session: "s", until: scene.now + GRACE_MS, tasks: [] };
    assertEquals(scene.end("s", how), { events: [end], answer: { ended: 0, remaining: 0 } });
    assertEquals([scene.watch().sessions, scene.end("s", how).events], [[], []]);
    assertEquals(snapshotOf(restore(snapshotOf(scene.state))), snapshotOf(scene.state));
    assertEquals(news("t"), [["cancelled"], ["lost"]]);
    assertEquals(news("t"), [undefined, []]);
  });
}

test("tasks that an instance loses again before it was told are told, too", (scene) => {
  scene.create({}, "a", "b");
  scene.call({ type: "register_instance", instance: "x", settings: { ttlMs: 50 } });
  scene.claim("x");
  scene.pass(50);
  // A refused call brings it back, and tells it nothing.
  scene.refused({ type: "claim_task", instance: "x", id: "none" });
  scene.call({ type: "cancel_task", id: "a" });
  scene.refused({ type: "fail_task", id: "a", instance: "x", error: "" });
  assertEquals(scene.state.instances.get("x")?.instance.lostTasks, [{ id: "a" }]);
  scene.now += 10;
  const claimed: Command = {
    type: "import_tasks",
    tasks: [oldTask("c", { status: "in_progress", assignedTo: "x", attempt: 1 })],
  };
  scene.call<CommandType>(claimed);
  scene.pass(100);
  assertEquals(scene.call({ type: "heartbeat", instance: "x" }).answer.lostTasks, ["a", "c"]);
});

test("whatever ends an attempt ends the session's hold on it", (scene) => {
  const ends: readonly Command[] = [
    { type: "complete_task", id: "a", instance: "x", result: "" },
    { type: "fail_task", id: "a", instance: "x", error: "" },
    { type: "fail_task", id: "a", instance: "x", error: "", isRetryable: true },
    { type: "release_task", id: "a", instance: "x" },
    { type: "cancel_task", id: "a" },
    { type: "bulk_update", filter: { ids: ["a"] }, action: { type: "release" }, isAtomic: true },
  ];
  for (const end of ends) {
    const scene = new Scene();
    scene.create({}, "a");
    scene.claim("x", "s");
    scene.events(end);
    // Until its client is told, the session of a cancelled task is watched for the news.
    scene.call({ type: "heartbeat", instance: "x" }, "s");
    assertEquals([scene.task("a").session, scene.watch().sessions], [undefined, []], end.type);
  }
  assertEquals(scene.watch().sessions, []);
});

test("imported tasks in progress are kept for their session, which is dead where they are imported", (scene) => {
  const task = oldTask("a", { status: "in_progress", assignedTo: "x", attempt: 3, session: "s" });
  scene.call({ type: "import_tasks", tasks: [task] });
  assertEquals(scene.watch().sessions, ["s"]);
  scene.end("s");
  assertEquals(scene.pass(GRACE_MS).map(taskIdsOf), [["a"]]);
  const refusal = scene.refused({ type: "import_tasks", tasks: [{ ...task, id: "b", session: "" }] });
  assertEquals(refusal.code, "invalid_value");
});

test("a grace that is no duration is refused", (scene) => {
  for (const graceMs of [-1, NaN, Infinity]) {
    const refusal = scene.refused({ type: "end_session", session: "s", how: "lost", graceMs });
    assertEquals(refusal.code, "invalid_value");
  }
});
