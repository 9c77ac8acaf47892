/**
 * Work that cannot wait: the replies to whatever the others do tell them of it, and whoever is free first takes it,
 * before all that was there earlier.
 */

import type { JournalRecord } from "../../../src/core/messages/events.ts";
import { type NewTask, PRIORITIES } from "../../../src/core/model/task.ts";
import { type Check, findAll, happeningsOf, unless } from "../check.ts";
import { enter, hasWhatItNeeds, type Ledger } from "../ledger.ts";
import type { Scene, Stage } from "../stage.ts";
import type { Entry } from "../timeline.ts";
import { claimNext, complete, finishHeld, pause, plainResultOf, report, work } from "../worker.ts";

const HOTFIX = "hotfix";
const CHORES = ["chore-1", "chore-2", "chore-3", "chore-4", "chore-5"];

/** What a reply said of urgent tasks. */
export interface Hint {
  readonly worker: string;
  readonly tool: string;
  /** When it came, in milliseconds since the Unix epoch. */
  readonly at: number;
  readonly urgent: readonly string[];
}

/** As tools answer it. */
interface Reply {
  readonly urgent?: readonly { readonly id: string }[];
}

/** The tools whose replies tell of urgent tasks. */
const TOOLS = ["report_progress", "heartbeat", "complete_task"];

export const URGENT: Scene = {
  title: "Scene 2: something urgent comes in between",
  text: [
    "Of five chores, chore-5 has the priority high and is begun first. While all",
    `are busy, the planner creates ${HOTFIX}, with the priority urgent.`,
  ],
  async play(stage) {
    const hints: Hint[] = [];
    await interrupt(stage, hints);
    const resultOf = plainResultOf;
    await Promise.all(
      Object.values(stage.workers).map(async (worker) => {
        await finishHeld(worker, { resultOf });
        await work(worker, { resultOf });
      }),
    );
    return {
      notes: hints.filter(({ urgent }) => urgent.length > 0).map(toNote),
      check: (records) => [checkHints(records, { task: HOTFIX, hints }), checkPriorities(records, HOTFIX)],
    };
  },
};

/** Lets the workers learn of the urgent task, each by another call, and the one that is free then take it. */
async function interrupt({ planner, workers: { ada, ben, cleo } }: Stage, hints: Hint[]): Promise<void> {
  const listen = async (worker: string, tool: string, reply: Promise<Reply>) => {
    const { urgent = [] } = await reply;
    hints.push({ worker, tool, at: Date.now(), urgent: urgent.map(({ id }) => id) });
  };
  await planner.server.ask("create_tasks", {
    tasks: CHORES.map((id) => ({ id, description: "Tidy up", ...(id === "chore-5" && { priority: "high" }) })),
  });
  const [first, , third] = [await claimNext(ada, 0), await claimNext(ben, 0), await claimNext(cleo, 0)];
  await listen(ada.name, "report_progress", report(ada, first, { percent: 30 }));
  await pause();
  await planner.server.ask("create_task", { id: HOTFIX, description: "Sign-in is down: mend it", priority: "urgent" });
  await listen(ada.name, "report_progress", report(ada, first, { percent: 60 }));
  await listen(ben.name, "heartbeat", ben.server.ask("heartbeat", { instance_id: ben.name }));
  await listen(cleo.name, "complete_task", complete(cleo, third, plainResultOf(third.id)));
  await claimNext(cleo, 0);
}

function toNote({ worker, tool, at, urgent }: Hint): Entry {
  return { at, who: worker, did: "is told", what: `by ${tool}: urgent, ${urgent.join(", ")}` };
}

/** Replies of every kind told of the urgent task while it was there to take, and none before. */
export function checkHints(
  records: readonly JournalRecord[],
  { task, hints }: { readonly task: string; readonly hints: readonly Hint[] },
): Check {
  const createdAt = findAll(records, "tasks.created")
    .find(({ event }) => event.tasks.some(({ id }) => id === task))?.at ?? Infinity;
  const isNamed = ({ urgent }: Hint) => urgent.includes(task);
  const after = hints.filter(({ at }) => at > createdAt);
  const missing = TOOLS.filter((tool) => !after.some((hint) => hint.tool === tool && isNamed(hint)));
  const early = hints.filter((hint) => hint.at <= createdAt && hint.urgent.length > 0);
  return {
    title: `the replies to ${TOOLS.join(", ")} told of ${task}`,
    complaints: [
      ...missing.map((tool) => `no reply to ${tool} told of ${task}`),
      ...early.map(({ tool, worker }) => `a reply to ${tool} of ${worker} told of ${task} before it was there`),
    ],
  };
}

/** Each claim took a task of the highest priority that was ready; the urgent one, before some that were there earlier. */
export function checkPriorities(records: readonly JournalRecord[], urgent: string): Check {
  const ledger: Ledger = new Map();
  const complaints: string[] = [];
  let older: number | undefined;
  for (const { event } of happeningsOf(records)) {
    if (event.type === "task.claimed") {
      const ready = readyTasks(ledger);
      const claimed = ready.find(({ id }) => id === event.id);
      const higher = ready.filter((task) => claimed !== undefined && rankOf(task) > rankOf(claimed));
      complaints.push(...higher.map(({ id }) => `${id} was ready, but ${event.id} was claimed`));
      if (event.id === urgent) older = ready.findIndex(({ id }) => id === urgent);
    }
    enter(ledger, event);
  }
  return {
    title: `the highest priority was claimed first: ${urgent} before ${older ?? "any"} older tasks`,
    complaints: [
      ...complaints,
      ...unless(older !== undefined, `${urgent} was never claimed`),
      ...unless(older !== 0, `nothing older than ${urgent} was ready when it was claimed`),
    ],
  };
}

/** In the order of creation. */
function readyTasks(ledger: Ledger): readonly NewTask[] {
  return Array.from(ledger.values())
    .filter(({ status, task }) => status === "pending" && hasWhatItNeeds(ledger, task))
    .map(({ task }) => task);
}

function rankOf({ priority = "normal" }: NewTask): number {
  return PRIORITIES.indexOf(priority);
}
