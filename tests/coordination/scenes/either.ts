/** Two ways to the same end, of which one is enough: one branch fails, what follows there is skipped, and work goes on. */

import type { JournalRecord } from "../../../src/core/messages/events.ts";
import { type Check, createdTasks, happeningsOf, unless } from "../check.ts";
import { enter, type Ledger } from "../ledger.ts";
import type { Scene } from "../stage.ts";
import { claimNamed, complete, pause, plainResultOf, work } from "../worker.ts";

const JOIN = "install";
const DEAD_END = "unpack-mirror";

const PLAN = [
  { id: "load-mirror", description: "Load the archive from the mirror" },
  { id: "load-origin", description: "Load the archive from its origin" },
  { id: DEAD_END, description: "Unpack it", dependencies: ["load-mirror"], if_unreachable: "skip" },
  { id: "unpack-origin", description: "Unpack it", dependencies: ["load-origin"] },
  { id: JOIN, description: "Install it", dependencies: [{ any: [DEAD_END, "unpack-origin"] }] },
];

export const EITHER: Scene = {
  title: "Scene 3: one of two branches is enough",
  text: [
    `${JOIN} depends on {"any": ["${DEAD_END}", "unpack-origin"]}, each of these`,
    "on a task that loads what it unpacks. The mirror fails.",
  ],
  async play({ planner, workers }) {
    const { ada, ben, cleo } = workers;
    await planner.server.ask("create_tasks", { tasks: PLAN });
    const [mirror, origin] = [await claimNamed(ada, "load-mirror"), await claimNamed(ben, "load-origin")];
    await pause();
    const failure = { task_id: mirror.id, instance_id: ada.name, attempt: mirror.attempt, error: "404 Not Found" };
    await ada.server.ask("fail_task", failure);
    await pause();
    await complete(ben, origin, plainResultOf(origin.id));
    await Promise.all([ada, ben, cleo].map((worker) => work(worker, { resultOf: plainResultOf })));
    return { notes: [], check: (records) => [checkOneBranch(records, { join: JOIN, deadEnd: DEAD_END })] };
  },
};

/** The join was completed although one of its branches was skipped, and not begun before the other was there. */
export function checkOneBranch(
  records: readonly JournalRecord[],
  { join, deadEnd }: { readonly join: string; readonly deadEnd: string },
): Check {
  const ledger: Ledger = new Map();
  let skippedAtClaim = false;
  for (const { event } of happeningsOf(records)) {
    if (event.type === "task.claimed" && event.id === join) {
      skippedAtClaim = ledger.get(deadEnd)?.status === "skipped";
    }
    enter(ledger, event);
  }
  const isEither = createdTasks(records).some(({ id, dependencies }) =>
    id === join && dependencies.some((each) => typeof each === "object" && "any" in each)
  );
  return {
    title: `one branch was enough: ${join} is done, though ${deadEnd} was skipped`,
    complaints: [
      ...unless(isEither, `${join} does not depend on any of several tasks`),
      ...unless(skippedAtClaim, `${deadEnd} was not skipped when ${join} was claimed`),
      ...unless(ledger.get(join)?.status === "completed", `${join} was not completed`),
    ],
  };
}
