/** What handlers cost whoever calls the server that runs them, beside a server that runs none. */

import { type Server, startServer } from "../support/server.ts";
import { agentOf, stepByStep } from "./agent_cycle.ts";
import { figuresOf, quantile, timed } from "./measure.ts";
import type { Benchmark, Row } from "./row.ts";

const ROUNDS = { rounds: 1_200, warmUpRounds: 200 };

/** How many handlers there are. */
const HANDLERS = 10;

/** Time between two notes that another process adds, in milliseconds. */
const NOTE_MS = 500;

/**
 * Handlers for failures, which do not occur, and for the notes: then all of them run a command, twice a second. These 20
 * processes a second need the same cores, so the second row only shows how things are.
 */
const CASES = [
  { name: "that have nothing to do", on: "task.failed", target: { of: "ratio", is: "at most", bound: 1.1 } },
  { name: "that run twice a second", on: "task.noted", target: undefined },
] as const;

export const handlers: Benchmark = async ({ directory }) => {
  const rows: Row[] = [];
  for (const [index, { name, on, target }] of CASES.entries()) {
    const place = `${directory}/handlers-${index}`;
    await using none = await startServer(`${place}-none`);
    await using some = await startWithHandlers(place, on);
    await using _notes = await addNotes([`${place}-none`, `${place}/data`]);
    const { value, floor } = await figuresOf({
      value: timedStep(some, "some"),
      floor: timedStep(none, "none"),
    }, ROUNDS);
    rows.push({
      name: `durable call with ${HANDLERS} handlers ${name}`,
      value: quantile(value, 0.5),
      floor: { value: quantile(floor, 0.5), what: "the same call without handlers" },
      unit: "ms",
      ...(target !== undefined && { target }),
    });
  }
  return rows;
};

function timedStep(server: Server, name: string) {
  const step = stepByStep(agentOf(server, name));
  return () => timed(step);
}

/** Adds a note in each data directory every now and then, until it is disposed of. */
async function addNotes(directories: readonly string[]): Promise<AsyncDisposable> {
  const stack = new AsyncDisposableStack();
  for (const directory of directories) {
    const server = stack.use(await startServer(directory));
    await server.ask("create_task", { id: "noted", description: "" });
    let last: Promise<unknown> = Promise.resolve();
    const timer = setInterval(() => {
      last = last.then(() => server.ask("add_note", { task_id: "noted", text: "Something" }));
    }, NOTE_MS);
    stack.defer(() => last.then(() => {}));
    stack.defer(() => clearInterval(timer));
  }
  return stack;
}

/** Starts a server with handlers for events of a type. */
async function startWithHandlers(directory: string, on: string): Promise<Server> {
  await Deno.mkdir(directory, { mode: 0o700 });
  const handlers = Array.from({ length: HANDLERS }, (_, index) => ({ on: [on], run: ["true"], name: `h${index}` }));
  await Deno.writeTextFile(`${directory}/handlers.json`, JSON.stringify(handlers));
  return await startServer(`${directory}/data`, {
    args: ["--handlers", `${directory}/handlers.json`, "--allow-handlers-from", directory],
    permissions: [`--allow-read=${directory}`, "--allow-run=true"],
    env: { PATH: Deno.env.get("PATH") ?? "", HOME: Deno.env.get("HOME") ?? "/" },
  });
}
