/**
 * A process with an engine on a data directory, as a server has. It prints "ready", waits for the end of its standard
 * input, does what its arguments say, and prints a line before each call and one after its answer. Run by tests.
 *
 *     worker.ts DIRECTORY create PREFIX COUNT   creates tasks until one fails
 *     worker.ts DIRECTORY work INSTANCE         claims and completes tasks until none is left
 */

import { localOperator } from "../../../src/core/model/access.ts";
import { Checkpointer } from "../../../src/app/checkpointer.ts";
import type { Engine } from "../../../src/app/engine.ts";
import { claim, complete } from "../../core/given.ts";
import { rounds } from "../../support/rounds.ts";
import { createTask, startStore, taskIds } from "../../support/store.ts";

const [directory = "", what, name = "", count] = Deno.args;
await using store = await startStore({ directory });
const checkpointer = new Checkpointer(store);
say("ready", directory);
for await (const _ of Deno.stdin.readable);
if (what === "create") await createTasks(store.engine);
else await workOnTasks(store.engine);
await checkpointer.close();

async function createTasks(engine: Engine): Promise<void> {
  for (let index = 0; index < Number(count); index++) {
    const id = `${name}-${index}`;
    say("asked", id);
    try {
      await createTask(engine, id);
    } catch (error) {
      say("failed", String(error));
      say("known", JSON.stringify(await taskIds(engine)));
      return;
    }
    say("created", id);
  }
}

async function workOnTasks(engine: Engine): Promise<void> {
  for (const _ of rounds("the work", 10_000)) {
    say("asked", "");
    const { task } = await engine.execute(claim(name), localOperator(name));
    if (task === undefined) break;
    say("claimed", task.id);
    await engine.execute(complete(name, task.id, `by ${name}`), localOperator(name));
    say("completed", task.id);
  }
}

/** Writes at once, so that nothing said is lost with the process. */
function say(what: string, about: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${what} ${about}\n`));
}
