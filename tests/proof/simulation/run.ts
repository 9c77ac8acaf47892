/** One schedule: carries out a plan, and checks what it leaves behind. */

import { parseCalls } from "../history/call_log.ts";
import { check, type Finding } from "../history/check.ts";
import { checkCheckpoint } from "../history/check_checkpoint.ts";
import { checkDelivery } from "../history/check_delivery.ts";
import { type History, readRemains, type Violation } from "../history/history.ts";
import { DIRECTORY } from "./directory.ts";
import type { Place } from "./pending_faults.ts";
import type { Plan } from "./plan.ts";
import type { Threads } from "./threads.ts";
import { World } from "./world.ts";

export interface Result {
  readonly plan: Plan;
  /** What does not hold. */
  readonly findings: readonly Finding[];
  readonly history: History;
  /** Tells apart schedules in which anything happened otherwise. */
  readonly digest: string;
  /** The last operations, in words. */
  readonly lastOperations: readonly string[];
  /** Each operation that something could have gone wrong with. */
  readonly operations: readonly Place[];
  /** How many turns there were: operations, timers, starts. */
  readonly turns: number;
  readonly segments: number;
  /** How many messages webhooks got. */
  readonly delivered: number;
}

export async function runPlan(plan: Plan, threads: Threads): Promise<Result> {
  const world = new World(plan, threads.channels);
  await world.run();
  world.end();
  const calls = parseCalls(world.said.map((entry) => JSON.stringify(entry) + "\n").join(""));
  const told = {
    plan,
    digest: world.trace.digest,
    lastOperations: world.trace.last,
    operations: world.operations,
    turns: world.turns,
    delivered: world.receiver.taken.length,
  };
  if (world.complaints.length > 0) {
    const violations = world.complaints.map(violationOf);
    return {
      ...told,
      history: { records: [], calls },
      segments: 0,
      findings: [{ what: "all goes well while it runs", violations }],
    };
  }
  const disk = world.disk.content;
  const names = disk.list(DIRECTORY);
  const remains = await readRemains({ disk, directory: DIRECTORY, calls });
  const { history, verification } = remains;
  const findings = [
    ...check(remains),
    { what: "the last process has the state that the journal comes to", violations: checkLast(world.last, history) },
    { what: "webhooks get everything, in order", violations: checkWebhooks(world, history) },
    { what: "nothing of ours is taken for somebody else's", violations: checkNames(names, world) },
  ].filter(({ violations }) => violations.length > 0);
  return { ...told, history, segments: verification.end.segment, findings };
}

function checkLast(last: World["last"], history: History): readonly Violation[] {
  if (last === undefined) return [violationOf("the last process did not tell what it found")];
  if (last.seq !== history.records.length) {
    return [violationOf(`the last process knew ${last.seq} of ${history.records.length} records`)];
  }
  return checkCheckpoint({ snapshot: last.snapshot, position: { seq: last.seq } }, history);
}

function checkWebhooks({ receiver, disk }: World, history: History): readonly Violation[] {
  return checkDelivery(history, receiver.taken, (id) => {
    const text = disk.content.readFile(`${DIRECTORY}/deliveries/secret-${id}.json`);
    return JSON.parse(new TextDecoder().decode(text)).secret;
  });
}

/** A name tells what was set aside. Where the order of names is lost, a file of ours may look like another one. */
function checkNames(names: readonly string[], { areNamesMixed }: World): readonly Violation[] {
  if (areNamesMixed) return [];
  return names.filter((name) => /set-aside|imported/.test(name)).map((name) => violationOf(`${name} is there`));
}

function violationOf(complaint: string): Violation {
  return { complaint, seqs: [], calls: [] };
}
