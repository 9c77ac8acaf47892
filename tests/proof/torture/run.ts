/** One torture run: workers on a fresh directory are made to suffer for a time; then what they did is checked. */

import { realDisk } from "../../../src/store/file/disk.ts";
import { type Call, parseCalls } from "../history/call_log.ts";
import { check } from "../history/check.ts";
import { SpellMaker } from "./disk_full.ts";
import { disturb } from "./disturb.ts";
import { Fleet } from "./fleet.ts";
import { checkDelivery } from "../history/check_delivery.ts";
import { Receiver } from "./receiver.ts";
import { type History, readRemains } from "../history/history.ts";
import { randomOf } from "../history/random.ts";
import { describeViolation } from "../history/report.ts";

/** Small, so that segments follow one another under load. */
const SEGMENT_BYTES = 24 * 1024;

const WORKER = new URL("worker.ts", import.meta.url).pathname;

/** How many workers deliver webhooks: one does, others take over. */
const DELIVERERS = 3;

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
  await using receiver = await Receiver.start(randomOf(`${seed} receiver`));
  const { failures, clockStepMs } = await suffer(options, { data, logs, receiver: receiver.host });
  const calls = Array.from(Deno.readDirSync(logs), ({ name }) => parseCalls(Deno.readTextFileSync(`${logs}/${name}`)));
  const remains = await readRemains({ disk: realDisk, directory: data, calls: calls.flat(), clockStepMs });
  const { history } = remains;
  print(summaryOf(history, remains.verification.end.segment));
  print(`${receiver.taken.length} messages to a webhook`);
  const found = [
    ...check(remains),
    {
      what: "no process ended by itself",
      violations: failures.map((complaint) => ({ complaint, seqs: [], calls: [] })),
    },
    {
      what: "the webhook got everything, in order, from one process at a time",
      violations: [
        ...receiver.complaints.map((complaint) => ({ complaint, seqs: [], calls: [] })),
        ...checkDelivery(history, receiver.taken, (id) => readSecret(data, id)),
      ],
    },
  ];
  // Violations last: where a long output is cut, its end is kept.
  const ordered = found.toSorted((a, b) => a.violations.length - b.violations.length);
  for (const { what, violations } of ordered) {
    print(`${violations.length === 0 ? "✓" : "✗"} ${what}`);
    for (const violation of violations.slice(0, MAX_DESCRIBED)) {
      for (const line of describeViolation(violation, history)) print(`    ${line}`);
    }
    if (violations.length > MAX_DESCRIBED) print(`    … and ${violations.length - MAX_DESCRIBED} more`);
  }
  const isGood = found.every(({ violations }) => violations.length === 0);
  if (!isGood) print(`Not all is well: --seed ${seed} --processes ${workers} tries it again`);
  return isGood;
}

/** Resolves to why processes ended by themselves, and by how much the clock of this machine was set meanwhile. */
async function suffer(
  { seed, durationMs, workers, print }: TortureOptions,
  { data, logs, receiver }: { readonly data: string; readonly logs: string; readonly receiver: string },
): Promise<Pick<Fleet, "failures" | "clockStepMs">> {
  const spells = await SpellMaker.find();
  if (!spells.isAble) print("Skipped: disk-full spells, which need bash and prlimit (util-linux)");
  const argumentsOf = (worker: number, life: number, more: readonly string[]) => [
    `--allow-read=${data}`,
    `--allow-write=${data}`,
    `--allow-net=${receiver}`,
    WORKER,
    ...[data, seed, worker, workers, life, SEGMENT_BYTES].map(String),
    ...worker < DELIVERERS ? [receiver, ...more] : [],
  ];
  await using fleet = new Fleet({ logs, workers, argumentsOf }, spells);
  await disturb({
    fleet,
    random: randomOf(`${seed} disturbances`),
    workers,
    segmentBytes: SEGMENT_BYTES,
    until: performance.now() + durationMs,
  });
  await fleet.end();
  await fleet.finish();
  const { kills, stops, spells: full } = fleet.done;
  print(`${kills} kills, ${stops} stops, ${full} disk-full spells`);
  return { failures: fleet.failures, clockStepMs: fleet.clockStepMs };
}

/** A secret that a process has kept. */
function readSecret(data: string, id: string): string {
  return JSON.parse(Deno.readTextFileSync(`${data}/deliveries/secret-${id}.json`)).secret;
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
