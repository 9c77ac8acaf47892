/**
 * One of several processes that do the same thing on one directory at the same time, as often as they can, one after
 * the other. It prints "ready", waits for the end of its standard input, and prints in the end what it did. Run by
 * `racing.ts`.
 *
 *     racer.ts KIND DIRECTORY NAME
 */

import { localOperator } from "../../src/core/model/access.ts";
import { Engine } from "../../src/app/engine.ts";
import { realDisk } from "../../src/store/file/disk.ts";
import { FileJournal } from "../../src/store/file/file_journal.ts";
import { noCheckpoints } from "../../src/store/memory/memory_journal.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { startServer } from "../support/server.ts";
import { openSqlite } from "./sqlite_floor.ts";

/** How long a race lasts, and how long it has gone on before it counts, in milliseconds: code is slow at first. */
const RACE_MS = 2_000;
const WARM_UP_MS = 5_000;

/** What is raced: claims by an engine, through a server, in SQLite; or what the disk does at best. */
export type Kind = "engine" | "server" | "sqlite" | "disk";

/** What a racer did. */
export interface Result {
  /** How long each time took, one after the other, in milliseconds. */
  readonly timesMs: readonly number[];
  /** The tasks that it claimed, where there are tasks. */
  readonly claimed: readonly string[];
}

/** Something to do over and over; resolves to the task that was claimed, if that is what it does. */
interface Racer extends AsyncDisposable {
  once(): Promise<string | undefined> | string | undefined;
}

/** About as long as the record of a claim. */
const RECORD = new Uint8Array(290);

const open: Readonly<Record<Kind, (directory: string, name: string) => Promise<Racer>>> = {
  async engine(directory, name) {
    const log = createLog(console.error);
    const journal = new FileJournal({ directory, disk: realDisk, now: Date.now, log });
    const engine = await Engine.start({ journal, checkpoints: noCheckpoints, log });
    const next = agentsOf(name);
    return {
      async once() {
        const instance = next();
        return (await engine.execute({ type: "claim_task", instance }, localOperator(instance))).task?.id;
      },
      async [Symbol.asyncDispose]() {
        await engine.close();
        await journal.close();
      },
    };
  },

  async server(directory, name) {
    const server = await startServer(directory, { name });
    const next = agentsOf(name);
    return {
      async once() {
        const instance = next();
        const { structuredContent } = await server.call("get_next_task", { instance_id: instance });
        return structuredContent?.["assignedTo"] === instance ? String(structuredContent["id"]) : undefined;
      },
      [Symbol.asyncDispose]: () => server.close(),
    };
  },

  sqlite(directory, name) {
    const database = openSqlite(`${directory}/tasks.sqlite`);
    return Promise.resolve({
      once: () => database.claim(name),
      [Symbol.asyncDispose]: () => Promise.resolve(database[Symbol.dispose]()),
    });
  },

  disk(directory) {
    const file = Deno.openSync(`${directory}/floor`, { append: true, create: true });
    return Promise.resolve({
      once() {
        file.lockSync(true);
        file.writeSync(RECORD);
        file.unlockSync();
        file.syncDataSync();
        return undefined;
      },
      [Symbol.asyncDispose]: () => Promise.resolve(file.close()),
    });
  },
};

/** The names of those who claim: nobody holds more than a few tasks. */
function agentsOf(name: string): () => string {
  let claims = 0;
  return () => `${name}-${claims++ >> 3}`;
}

async function race(kind: Kind, racer: Racer): Promise<Result> {
  const timesMs: number[] = [];
  const claimed: string[] = [];
  const start = performance.now() + WARM_UP_MS;
  for (let now = performance.now(); now < start + RACE_MS;) {
    const before = now;
    const id = await racer.once();
    now = performance.now();
    if (id !== undefined) claimed.push(id);
    else if (kind !== "disk") throw new Error("There are no tasks left to race for");
    if (before >= start) timesMs.push(now - before);
  }
  return { timesMs, claimed };
}

async function main(): Promise<void> {
  const [kind, directory = "", name = ""] = Deno.args;
  // Started by racing.ts only.
  const racer = await open[kind as Kind](directory, name);
  console.log("ready");
  for await (const _ of Deno.stdin.readable);
  console.log(JSON.stringify(await race(kind as Kind, racer)));
  await racer[Symbol.asyncDispose]();
}

if (import.meta.main) await main();
