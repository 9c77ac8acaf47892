/** What becomes of the tasks when several processes work on one data directory at the same time. */

import { newBudget } from "./budget.ts";
import { type Calls, type Peer, type Place, ToolError } from "./peer.ts";
import type { Column } from "./row.ts";
import { Session } from "./session.ts";
import { createsCell, raceCell } from "./crowd_cells.ts";

export const PROCESSES = 8;
export const CREATES_EACH = 50;
export const RACE_TASKS = 40;

/** How long a worker holds a task, waits after a refusal, and how often in a row it finds nothing before it ends. */
const WORK_MS = 5;
const AFTER_REFUSAL_MS = 5;
const NOTHING_LEFT = 5;

/** All processes create tasks; yields how many of those that were answered are listed afterwards. */
export async function measureCreates(peer: Peer, place: Place): Promise<Column> {
  const names: string[] = [];
  const ids = new Set<string>();
  const budget = newBudget();
  let asked = 0;
  await crowd(peer, place, async (session, agent) => {
    for (let made = 0; made < CREATES_EACH && !budget.isOver(); made++) {
      const name = `made-${agent}-${String(made).padStart(3, "0")}`;
      asked++;
      await toleratingRefusal(async () => {
        ids.add(await peer.create(session, name));
        names.push(name);
      });
    }
  });
  const listed = await listAfterwards(peer, place);
  const cell = createsCell({
    tasks: PROCESSES * CREATES_EACH,
    asked,
    answered: names.length,
    ids: ids.size,
    kept: names.filter((name) => listed.includes(name)).length,
  });
  const name = `${PROCESSES} processes × ${CREATES_EACH} creates: kept`;
  return new Map([[name, { unit: "tasks", best: "right", cell }]]);
}

/** All processes claim and complete tasks until there are none; yields how often one was handed out. */
export async function measureRace(peer: Peer, place: Place): Promise<Column> {
  {
    await using session = await Session.start(peer, place);
    await peer.enter?.(session, "planner");
    for (let made = 0; made < RACE_TASKS; made++) await peer.create(session, `race-${made}`);
  }
  const executed: string[] = [];
  const budget = newBudget();
  let isFinished = true;
  await crowd(peer, place, async (session, agent) => {
    let next: string | undefined;
    for (let nothing = 0; nothing < NOTHING_LEFT;) {
      if (budget.isOver()) {
        isFinished = false;
        return;
      }
      const claim = await toleratingRefusal(() => peer.claim(session, agent, next)) ?? "refused";
      next = undefined;
      if (typeof claim === "string") {
        nothing = claim === "nothing" ? nothing + 1 : 0;
        await pause(AFTER_REFUSAL_MS);
        continue;
      }
      nothing = 0;
      executed.push(claim.id);
      await pause(WORK_MS);
      next = await toleratingRefusal(() => peer.complete(session, agent, claim.id));
    }
  });
  const executions = executed.length;
  const cell = raceCell({
    tasks: RACE_TASKS,
    executions,
    distinct: new Set(executed).size,
    isFinished,
  });
  const name = `${PROCESSES} processes race for ${RACE_TASKS} tasks: executions`;
  return new Map([[name, { unit: "tasks", best: "right", cell }]]);
}

/** Starts the processes, each for an agent, and has all begin at the same time. */
async function crowd(peer: Peer, place: Place, work: (session: Calls, agent: string) => Promise<void>): Promise<void> {
  const agents = Array.from({ length: PROCESSES }, (_, index) => `agent-${index}`);
  const started = await Promise.allSettled(agents.map(() => Session.start(peer, place)));
  const sessions = started.flatMap((start) => start.status === "fulfilled" ? [start.value] : []);
  try {
    for (const start of started) if (start.status === "rejected") throw start.reason;
    await Promise.all(sessions.map((session, index) => peer.enter?.(session, agents[index] ?? "")));
    await Promise.all(sessions.map((session, index) => work(session, agents[index] ?? "")));
  } finally {
    await Promise.all(sessions.map((session) => session[Symbol.asyncDispose]()));
  }
}

/** What a new process lists: nothing, if it cannot read what the others have left. */
async function listAfterwards(peer: Peer, place: Place): Promise<string> {
  await using session = await Session.start(peer, place);
  await toleratingRefusal(async () => await peer.enter?.(session, "reader"));
  return await toleratingRefusal(() => (peer.listAll ?? peer.list)(session)) ?? "";
}

/** A tool that fails in a crowd is no reason to stop, nor is an answer that cannot be understood. */
async function toleratingRefusal<T>(action: () => Promise<T>): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof ToolError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
