/** A plan that was made before: one call creates a group with all its tasks, and the result of one decides what follows. */

import type { JournalRecord } from "../../../src/core/messages/events.ts";
import { type Check, findAll, happeningsOf, unless } from "../check.ts";
import { enter, type Ledger, membersOf } from "../ledger.ts";
import type { Scene } from "../stage.ts";
import { plainResultOf, work } from "../worker.ts";

const NAME = "feature";
const GROUP = "login";
const GOAL = "Users can sign in with a passkey";

/** As `get_groups` answers it. */
export interface GroupAnswer {
  readonly status: string;
  readonly percent: number;
  readonly total: number;
}

export const TEMPLATE: Scene = {
  title: "Scene 5: a plan that was made before",
  text: [
    `One apply_template creates a group with the tasks of the built-in ${NAME}.`,
    'The review answers {"verdict": "approved"}, so that nothing must be reworked.',
  ],
  async play({ planner, workers }) {
    await planner.server.ask("apply_template", { name: NAME, group_id: GROUP, parameters: { goal: GOAL } });
    await Promise.all(Object.values(workers).map((worker) => work(worker, { resultOf })));
    const answer = await planner.server.ask<GroupAnswer & Record<string, unknown>>("get_groups", { group_id: GROUP });
    return {
      notes: [],
      check: (records) => [
        checkApplied(records, { template: NAME, group: GROUP, goal: GOAL }),
        checkGroupDone(records, { group: GROUP, skipped: [`${GROUP}/rework`], answer }),
      ],
    };
  },
};

function resultOf(task: string): string {
  return task === `${GROUP}/review` ? JSON.stringify({ verdict: "approved", findings: [] }) : plainResultOf(task);
}

/** One record created the group and all its tasks, with every blank filled in. */
export function checkApplied(
  records: readonly JournalRecord[],
  { template, group, goal }: { readonly template: string; readonly group: string; readonly goal: string },
): Check {
  const record = records.find(({ events }) =>
    events.some((event) => event.type === "group.created" && event.group.template?.name === template)
  );
  const tasks = findAll(record === undefined ? [] : [record], "tasks.created").flatMap(({ event }) => event.tasks);
  const isOf = (id: string | undefined) => id === group;
  return {
    title: `one call made a group of ${tasks.length} tasks from the template ${template}`,
    complaints: [
      ...unless(tasks.length > 0, `the template ${template} made no tasks`),
      ...tasks.filter((task) => !isOf(task.group) || !task.id.startsWith(`${group}/`))
        .map(({ id }) => `${id} is not in the group ${group}`),
      ...tasks.filter(({ description }) => description.includes("{{") || !description.includes(goal))
        .map(({ id }) => `the description of ${id} is not filled in`),
    ],
  };
}

/** Every task of the group is completed but those that were to be skipped, and the server says that the group is done. */
export function checkGroupDone(
  records: readonly JournalRecord[],
  { group, skipped, answer }: {
    readonly group: string;
    readonly skipped: readonly string[];
    readonly answer: GroupAnswer;
  },
): Check {
  const ledger: Ledger = new Map();
  for (const { event } of happeningsOf(records)) enter(ledger, event);
  const members = membersOf(ledger, group);
  const { status, percent, total } = answer;
  return {
    title: `the group is done: all completed, but ${skipped.join(", ")} skipped as not needed`,
    complaints: [
      ...members.map(({ task, status }) => ({ id: task.id, status }))
        .filter(({ id, status }) => status !== (skipped.includes(id) ? "skipped" : "completed"))
        .map(({ id, status }) => `${id} is ${status}`),
      ...unless(
        status === "done" && percent === 100 && total === members.length,
        `get_groups says ${status}, ${percent} % of ${total}`,
      ),
    ],
  };
}
