/**
 * A worker dies, another hangs, and nobody calls `release_task`. Their tasks go to a third one that waits, and with
 * them what they had said last; what they say too late is refused.
 */

import type { Event, JournalRecord } from "../../../src/core/messages/events.ts";
import { type Check, findAll, type Happening, happeningsOf, unless } from "../check.ts";
import type { Scene, Stage } from "../stage.ts";
import type { Entry } from "../timeline.ts";
import { type Claimed, claimNamed, claimNext, complete, pause, plainResultOf, report, type Worker } from "../worker.ts";

/** How long the first worker, and how long the second one's task, may go without a sign of life, in milliseconds. */
const TTL_MS = 2_000;
const LEASE_MS = 1_800;

/** Before an expired attempt is repeated, in milliseconds. */
const PAUSE_MS = 50;

/** The longest that the heir waits for a task, in milliseconds. */
const WAIT_MS = 10_000;

const COPY = "copy-data";
const INDEX = "make-index";

/** A task that somebody lost. */
export interface Loss {
  readonly task: string;
  readonly worker: string;
  /** `lost` with its instance, or `expired` by itself. */
  readonly outcome: "lost" | "expired";
}

export const SILENCE: Scene = {
  title: "Scene 1: one worker dies, one hangs, and nobody says so",
  text: [
    `ada registers with a time to live, ${TTL_MS} ms; the task ${INDEX} has a timeout,`,
    `${LEASE_MS} ms. ben waits in get_next_task, and is given both tasks with the last`,
    "words of those who had them.",
  ],
  async play(stage) {
    const { ada, ben, cleo } = stage.workers;
    const notes: Entry[] = [];
    const { doomed, hung } = await begin(stage);
    const inheriting = inherit(ben, notes);
    const { pid, at } = await stage.kill("ada");
    notes.push({ at, who: ada.name, did: "killed", what: `kill -9 ${pid}, while holding ${doomed.id}` });
    notes.push({ at, who: cleo.name, did: "hangs", what: "its server lives, but it calls no more" });
    const inherited = await inheriting;
    const [code, lostTasks] = await Promise.all([answerLate(cleo, hung, notes), comeBack(stage, notes)]);
    return {
      notes,
      check: (records) => [
        checkReassigned(records, [
          { task: COPY, worker: "ada", outcome: "lost" },
          { task: INDEX, worker: "cleo", outcome: "expired" },
        ]),
        checkLastWords(records, inherited),
        checkLateAnswer(records, { task: INDEX, worker: "cleo", code }),
        checkToldOfLoss(records, { worker: "ada", lostTasks }),
      ],
    };
  },
};

/** Two workers claim a task each, and say how far they are. */
async function begin(stage: Stage): Promise<{ readonly doomed: Claimed; readonly hung: Claimed }> {
  const { ada, cleo } = stage.workers;
  const settings = { timeout_ms: LEASE_MS, backoff: { initial_interval_ms: PAUSE_MS } };
  await stage.planner.server.ask("create_tasks", {
    tasks: [
      { id: COPY, description: "Copy the data to the new server" },
      { id: INDEX, description: "Make the index of the old data", ...settings },
    ],
  });
  await ada.server.ask("register_instance", { instance_id: ada.name, ttl_ms: TTL_MS });
  const [doomed, hung] = await Promise.all([claimNamed(ada, COPY), claimNamed(cleo, INDEX)]);
  await Promise.all([
    report(ada, doomed, { percent: 40, message: "2 of 5 tables" }),
    report(cleo, hung, { message: "made, not checked" }),
  ]);
  return { doomed, hung };
}

/** Waits for two tasks, and does them; resolves to how they were handed out. */
async function inherit(worker: Worker, notes: Entry[]): Promise<readonly Claimed[]> {
  const claims: Claimed[] = [];
  const note = (did: Entry["did"], what: string) => notes.push({ at: Date.now(), who: worker.name, did, what });
  for (let count = 0; count < 2; count++) {
    note("waits", `get_next_task, wait_ms ${WAIT_MS}`);
    const claim = await claimNext(worker, WAIT_MS);
    claims.push(claim);
    note("is told", `${claim.previous?.instance} said "${claim.previous?.message}"`);
    await pause();
    await complete(worker, claim, plainResultOf(claim.id));
  }
  return claims;
}

/** Completes what has been another's since; resolves to the code of the refusal. */
async function answerLate({ name, server }: Worker, { id, attempt }: Claimed, notes: Entry[]): Promise<string> {
  const late = { task_id: id, instance_id: name, attempt, result: "made twice" };
  const { code } = await server.refused("complete_task", late);
  notes.push({ at: Date.now(), who: name, did: "refused", what: `its result of ${id}: ${code}` });
  return code;
}

/** Starts the dead worker again, from now on without a time to live; resolves to what it is told that it lost. */
async function comeBack(stage: Stage, notes: Entry[]): Promise<readonly string[]> {
  const { name, server } = await stage.revive("ada");
  notes.push({ at: Date.now(), who: name, did: "restarts", what: `as process ${server.pid}` });
  const { lost_tasks = [] } = await server.ask<{ readonly lost_tasks?: readonly string[] }>("register_instance", {
    instance_id: name,
  });
  notes.push({ at: Date.now(), who: name, did: "is told", what: `it had lost ${lost_tasks.join(", ")}` });
  return lost_tasks;
}

/** Each task was taken back by a rule, not before its time, and another worker finished it. */
export function checkReassigned(records: readonly JournalRecord[], losses: readonly Loss[]): Check {
  const complaints = losses.flatMap((loss) => {
    const { task, worker, outcome } = loss;
    const end = findAll(records, "attempt.ended").find(({ event }) => event.id === task && event.instance === worker);
    const heir = findAll(records, "task.completed").find(({ event }) => event.id === task)?.event.instance;
    return [
      ...unless(
        findAll(records, "task.released").every(({ event }) => event.id !== task),
        `somebody released ${task}`,
      ),
      ...unless(
        end?.event.outcome === outcome,
        `${task} of ${worker} is ${end?.event.outcome ?? "still its own"} instead of ${outcome}`,
      ),
      ...unless(
        end === undefined || end.at >= dueOf(records, loss),
        `${task} was taken from ${worker} before its time`,
      ),
      ...unless(heir !== undefined, `nobody completed ${task}`),
      ...unless(heir !== worker, `${task} was completed by ${worker}, who had lost it`),
    ];
  });
  const gone = losses.map(({ worker, outcome }) => `${worker} (${outcome})`);
  return { title: `what ${listOf(gone)} held went to others; nobody released it`, complaints };
}

/** Whoever got a task again was told the last that the one before had said of it. */
export function checkLastWords(records: readonly JournalRecord[], claims: readonly Claimed[]): Check {
  const complaints = claims.flatMap(({ id, attempt, previous }) => {
    const last = findAll(records, "task.progressed")
      .findLast(({ event }) => event.id === id && event.attempt === attempt - 1)?.event;
    return unless(
      last !== undefined && previous?.instance === last.instance && previous.message === last.message,
      `with ${id} came "${previous?.message}" of ${previous?.instance}, not "${last?.message}" of ${last?.instance}`,
    );
  });
  const isNone = claims.length === 0 ? ["no task was handed out again"] : [];
  return { title: "with each came what its last holder had said of it", complaints: [...isNone, ...complaints] };
}

/** What a worker said of a task that it had lost was refused, and left no trace. */
export function checkLateAnswer(
  records: readonly JournalRecord[],
  { task, worker, code }: { readonly task: string; readonly worker: string; readonly code: string },
): Check {
  const completions = findAll(records, "task.completed").filter(({ event }) => event.id === task);
  return {
    title: `${worker} came too late: its result was refused (${code})`,
    complaints: [
      ...unless(code === "stale_attempt", `the refusal is ${code} instead of stale_attempt`),
      ...unless(completions.length === 1, `${task} was completed ${completions.length} times`),
      ...unless(
        completions.every(({ event }) => event.instance !== worker),
        `${task} was completed by ${worker}, who had lost it`,
      ),
    ],
  };
}

/** A worker that was taken for lost is told what it lost. */
export function checkToldOfLoss(
  records: readonly JournalRecord[],
  { worker, lostTasks }: { readonly worker: string; readonly lostTasks: readonly string[] },
): Check {
  const lost = findAll(records, "instance.lost").filter(({ event }) => event.instance === worker)
    .flatMap(({ event }) => event.tasks);
  return {
    title: `${worker} came back and was told what it had lost: ${listOf(lostTasks)}`,
    complaints: [
      ...unless(lost.length > 0, `${worker} lost nothing`),
      ...unless(lost.join() === lostTasks.join(), `${worker} was told ${listOf(lostTasks)} instead of ${listOf(lost)}`),
    ],
  };
}

/** The end of the time that the worker or its task was given last, in milliseconds since the Unix epoch. */
function dueOf(records: readonly JournalRecord[], { task, worker, outcome }: Loss): number {
  const happenings = happeningsOf(records);
  const end = happenings.findIndex(({ event }) => event.type === "attempt.ended" && event.id === task);
  const before = happenings.slice(0, end);
  if (outcome === "expired") return leaseOf(before, worker, task);
  const dues = before.map(({ at, event }) => timeOfInstance(event, worker, at));
  return dues.findLast((due) => due !== undefined) ?? Infinity;
}

/** Until when an event gives an instance time. */
function timeOfInstance(event: Event, instance: string, at: number): number | undefined {
  if (event.type === "instance.registered" && event.instance === instance) {
    return at + (event.settings.ttlMs ?? Infinity);
  }
  return event.type === "instance.renewed" && event.instance === instance ? event.expiresAt : undefined;
}

/** Until when an instance has time for a task: a renewal gives it half as much again, unless all of it is left. */
function leaseOf(happenings: readonly Happening[], instance: string, task: string): number {
  let timeoutMs = Infinity;
  let until = Infinity;
  for (const { at, event } of happenings) {
    if (event.type === "tasks.created") {
      timeoutMs = event.tasks.find(({ id }) => id === task)?.timeoutMs ?? timeoutMs;
    } else if (event.type === "task.claimed" && event.id === task && event.instance === instance) {
      until = event.leaseUntil ?? Infinity;
    } else if (event.type === "instance.renewed" && event.instance === instance && until < at + timeoutMs) {
      until = at + Math.ceil(timeoutMs * 1.5);
    }
  }
  return until;
}

function listOf(names: readonly string[]): string {
  return names.length === 0 ? "nothing" : names.join(" and ");
}
