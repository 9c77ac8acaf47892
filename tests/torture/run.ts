/** One torture run: workers on a fresh directory are made to suffer for a time; then what they did is checked. */

import type { Call } from "./call_log.ts";
import { checkAttempts } from "./check_attempts.ts";
import { checkCheckpoint } from "./check_checkpoint.ts";
import { checkJournal } from "./check_journal.ts";
import { checkOnce } from "./check_once.ts";
import { checkOrder } from "./check_order.ts";
import { checkReplay } from "./check_replay.ts";
import { SpellMaker } from "./disk_full.ts";
import { disturb } from "./disturb.ts";
import { Fleet } from "./fleet.ts";
import { type History, readRemains, type Violation } from "./history.ts";
import { randomOf } from "./random.ts";
import { describeViolation } from "./report.ts";

/** Small, so that segments follow one another under load. */
const SEGMENT_BYTES = 24 * 1024;

/** Most violations of a kind that are described. */
const MAX_DESCRIBED = 3;

export interface TortureOptions {
  /** An empty directory. */
  readonly directory: string;
  readonly seed: string;
  readonly durationMs: number;
  readonly workers: number;
  readonly print: (line: string) => void;
}

/** Resolves to whether everything held. */
export async function torture(options: TortureOptions): Promise<boolean> {
  const { directory, seed, workers, print } = options;
  const [data, logs] = [`${directory}/data`, `${directory}/logs`];
  await Deno.mkdir(data);
  await Deno.mkdir(logs);
  const failures = await suffer(options, data, logs);
  const { history, verification, checkpoint } = await readRemains(data, logs);
  print(summaryOf(history, verification.end.segment));
  const found: readonly (readonly [what: string, violations: readonly Violation[]])[] = [
    ["the journal verifies", checkJournal(verification, history)],
    ["acknowledged calls are there once, others at most once", checkOnce(history)],
    ["one holder an attempt, attempts only grow", checkAttempts(history)],
    ["the order is that of real time, no read is stale", checkOrder(history)],
    ["events and answers are what the rules give", checkReplay(history)],
    ["the checkpoint is what the journal comes to", checkCheckpoint(checkpoint, history)],
    ["no process ended by itself", failures.map((complaint) => ({ complaint, seqs: [], calls: [] }))],
  ];
  for (const [what, violations] of found) {
    print(`${violations.length === 0 ? "✓" : "✗"} ${what}`);
    for (const violation of violations.slice(0, MAX_DESCRIBED)) {
      for (const line of describeViolation(violation, history)) print(`    ${line}`);
    }
    if (violations.length > MAX_DESCRIBED) print(`    … and ${violations.length - MAX_DESCRIBED} more`);
  }
  const isGood = found.every(([, violations]) => violations.length === 0);
  if (!isGood) print(`Not all is well: --seed ${seed} --processes ${workers} tries it again`);
  return isGood;
}

/** Resolves to what went wrong with processes. */
async function suffer(
  { seed, durationMs, workers, print }: TortureOptions,
  data: string,
  logs: string,
): Promise<readonly string[]> {
  const spells = await SpellMaker.find();
  if (!spells.isAble) print("Skipped: disk-full spells, which need bash and prlimit (util-linux)");
  await using fleet = new Fleet({ data, logs, seed, workers, segmentBytes: SEGMENT_BYTES }, spells);
  await disturb({
    fleet,
    random: randomOf(`${seed} disturbances`),
    workers,
    segmentBytes: SEGMENT_BYTES,
    until: performance.now() + durationMs,
  });
  await fleet.end();
  const { kills, stops, spells: full } = fleet.done;
  print(`${kills} kills, ${stops} stops, ${full} disk-full spells`);
  return fleet.failures;
}

function summaryOf({ records, calls }: History, segments: number): string {
  const count = (is: (call: Call) => boolean) => calls.filter(is).length;
  const answered = count(({ end }) => end?.outcome.type === "answered");
  const refused = count(({ end }) => end?.outcome.type === "refused");
  const unavailable = count(({ end }) => end?.outcome.type === "unavailable");
  const cut = count(({ end }) => end === undefined);
  return `${calls.length} calls: ${answered} answered, ${refused} refused, ${unavailable} not carried out, ` +
    `${cut} cut short; ${records.length} records in ${segments} segments`;
}
