/**
 * Creates a task in a data directory for each byte of its input, prints its id once it is durable, and replaces the
 * checkpoint after every so many of them.
 */

import { localOperator } from "../../src/core/model/access.ts";
import { create, newTask } from "../core/given.ts";
import { checkpoint, startStore } from "../support/store.ts";

/** Characters of a description: a segment of 4 MiB is full after some 100 tasks. */
const DESCRIPTION = "x".repeat(40_000);

const [directory = "", checkpointEvery = ""] = Deno.args;
await using store = await startStore({ directory });
let number = 0;
for await (const bytes of Deno.stdin.readable) {
  for (const _ of bytes) {
    const id = `t${++number}`;
    await store.engine.execute(create({ ...newTask(id), description: DESCRIPTION }), localOperator("writer"));
    Deno.stdout.writeSync(new TextEncoder().encode(`${id}\n`));
    if (number % Number(checkpointEvery) === 0) await checkpoint(store);
  }
}
