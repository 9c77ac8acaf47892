/** A share of a group is enough: what waits for it starts as soon as so many are done, while the rest goes on. */

import type { JournalRecord } from "../../../src/core/messages/events.ts";
import { type Check, findAll, happeningsOf, unless } from "../check.ts";
import { enter, type Ledger, membersOf } from "../ledger.ts";
import type { Scene } from "../stage.ts";
import { claimNext, finishHeld, plainResultOf, work } from "../worker.ts";

const GROUP = "survey";
const SHARE_PERCENT = 60;
const MEMBERS = 5;
const MAX_PARALLEL = 2;
const REPORT = "report";

export const SHARE: Scene = {
  title: "Scene 4: a share of a group is enough",
  text: [
    `${REPORT} depends on {"at_least": "${SHARE_PERCENT}%", "of": {"group": "${GROUP}"}}. The group`,
    `has ${MEMBERS} tasks, of which at most ${MAX_PARALLEL} may run at a time.`,
  ],
  async play({ planner, workers }) {
    await planner.server.ask("create_group", { group_id: GROUP, max_parallel: MAX_PARALLEL });
    const members = Array.from({ length: MEMBERS }, (_, index) => {
      return { id: `${GROUP}-${index + 1}`, description: "Ask one of them", group: GROUP };
    });
    const gate = { at_least: `${SHARE_PERCENT}%`, of: { group: GROUP } };
    const report = { id: REPORT, description: "Sum up", priority: "high", dependencies: [gate] };
    await planner.server.ask("create_tasks", { tasks: [...members, report] });
    // Two run at the same time, whoever is slow.
    const { ada, ben, cleo } = workers;
    for (const worker of [ada, ben]) await claimNext(worker, 0);
    const resultOf = plainResultOf;
    await Promise.all([ada, ben, cleo].map(async (worker) => {
      await finishHeld(worker, { resultOf });
      await work(worker, { resultOf });
    }));
    return {
      notes: [],
      check: (records) => [
        checkShare(records, { group: GROUP, task: REPORT, percent: SHARE_PERCENT }),
        checkParallel(records, { group: GROUP, most: MAX_PARALLEL }),
      ],
    };
  },
};

/** The task was claimed when its share of the group was done, and not as late as when all was. */
export function checkShare(
  records: readonly JournalRecord[],
  { group, task, percent }: { readonly group: string; readonly task: string; readonly percent: number },
): Check {
  const ledger: Ledger = new Map();
  let atClaim: { readonly done: number; readonly total: number } | undefined;
  for (const { event } of happeningsOf(records)) {
    if (event.type === "task.claimed" && event.id === task) atClaim = countOf(ledger, group);
    enter(ledger, event);
  }
  const { done, total } = atClaim ?? { done: 0, total: 0 };
  return {
    title: `${percent}% of a group was enough: ${task} began when ${done} of ${total} were done`,
    complaints: atClaim === undefined ? [`${task} was never claimed`] : [
      ...unless(done * 100 >= percent * total, `${done} of ${total} is less than ${percent}%`),
      ...unless(done < total, "all were done by then"),
      ...unless(countOf(ledger, group).done === total, "the rest was never done"),
    ],
  };
}

/** At no time more tasks of the group were being worked on than may be, and that many were. */
export function checkParallel(
  records: readonly JournalRecord[],
  { group, most }: { readonly group: string; readonly most: number },
): Check {
  const ledger: Ledger = new Map();
  let highest = 0;
  for (const { event } of happeningsOf(records)) {
    enter(ledger, event);
    highest = Math.max(highest, membersOf(ledger, group).filter(({ status }) => status === "in_progress").length);
  }
  const isAsked = findAll(records, "group.created")
    .some(({ event }) => event.group.id === group && event.group.maxParallel === most);
  return {
    title: `at most ${most} tasks of the group ${group} ran at a time`,
    complaints: [
      ...unless(isAsked, `nobody said that at most ${most} tasks of ${group} may run`),
      ...unless(highest <= most, `${highest} tasks of ${group} ran at the same time`),
      ...unless(highest >= most, `never more than ${highest} ran`),
    ],
  };
}

function countOf(ledger: Ledger, group: string): { readonly done: number; readonly total: number } {
  const members = membersOf(ledger, group);
  return { done: members.filter(({ status }) => status === "completed").length, total: members.length };
}
