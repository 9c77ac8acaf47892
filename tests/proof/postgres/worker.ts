/**
 * A process of the torture on PostgreSQL: it makes random calls until its standard input ends, and says each call and each
 * answer on standard output, a JSON line each, before it goes on.
 *
 *     worker.ts PORT PROJECT SEED WORKER WORKERS LIFE
 */

import { RecordingLog } from "../../support/log.ts";
import { databaseAt, startProcess } from "./run.ts";

/** Writes at once and whole, so that nothing said is lost with the process. */
function say(line: string): void {
  const bytes = new TextEncoder().encode(line + "\n");
  for (let written = 0; written < bytes.length;) written += Deno.stdout.writeSync(bytes.subarray(written));
}

const [port, project = "", seed = "", worker, workers, life] = Deno.args;
await using process = await startProcess({
  database: databaseAt([Number(port)]),
  project,
  seed,
  worker: Number(worker),
  processes: Number(workers),
  life: Number(life),
  log: new RecordingLog(),
  sharedTime: Date.now,
  say,
});
let isOver = false;
const ending = Array.fromAsync(Deno.stdin.readable).then(() => isOver = true);
while (!isOver) await process.caller.call();
await ending;
