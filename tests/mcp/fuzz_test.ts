/**
 * Shows that whatever a client calls tools with, sensible or not, is answered, that no answer says the server is at
 * fault, and that what the calls have done is in a sound journal.
 */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { realDisk } from "../../src/store/file/disk.ts";
import { verifyJournal } from "../../src/store/file/maintenance.ts";
import { type Message, RawServer, request, toolCall } from "../support/raw_server.ts";
import { startStore, wholeState } from "../support/store.ts";
import { temporaryDirectory } from "../support/temp.ts";
import { type AnyCall, anyCall, HELD, HOLDER, type ListedTool } from "./arbitrary_calls.ts";

/** Calls under way at a time, and how many times so many. */
const PIPELINED = 64;
const ROUNDS = 79;

/** Longest time that all calls may take before the server counts as hanging, in milliseconds. */
const MAX_MS = 120_000;

/** Most times that the calls are made anew until each tool had some of every kind. */
const MAX_TRIES = 3;

/** JSON-RPC's code for parameters of the wrong form. */
const INVALID_PARAMS = -32602;

/** A claimed task and its holder. */
type Held = readonly [task: string, instance: string];

/** What became of the calls of one tool. */
interface Tally {
  carriedOut: number;
  refused: number;
  malformed: number;
}

Deno.test("five thousand random calls are answered, and leave a valid journal", async () => {
  await using directory = await temporaryDirectory();
  await using server = new RawServer(directory.path, { args: ["--max-wait-ms", "50"] });
  const hanging = setTimeout(() => server.kill("SIGKILL"), MAX_MS);
  await server.write(request("list", "tools/list"));
  const tools = await listOf(server);
  const tallies = new Map(
    tools.map(({ name }): [string, Tally] => [name, { carriedOut: 0, refused: 0, malformed: 0 }]),
  );
  /** The tasks claimed last, each with its holder. */
  const held: Held[] = [];
  let id = 0;

  const rounds = fc.asyncProperty(
    fc.array(anyCall(tools), { minLength: PIPELINED, maxLength: PIPELINED }),
    async (calls) => {
      const called = new Map(calls.map((call) => [id++, call]));
      await server.write(Array.from(called, ([id, call]) => lineOf(id, call, held[id % held.length])).join(""));
      for (const message of await server.take(PIPELINED)) {
        const call = called.get(Number(message.id));
        assert(call !== undefined, `answered twice, or without a call: ${JSON.stringify(message)}`);
        called.delete(Number(message.id));
        count(tallies, call, message);
        const { status, id: task, assignedTo } = Object(message.result?.["structuredContent"]);
        if (call.tool === "get_next_task" && status === "in_progress") held.unshift([task, assignedTo]);
        held.splice(PIPELINED / 4);
      }
    },
  );
  // Calls build on those before them, so that there is nothing to be had from trying smaller ones.
  const isComplete = () =>
    Array.from(tallies).every(([name, { carriedOut, refused, malformed }]) =>
      carriedOut > 0 && malformed > 0 && (refused > 0 || ALWAYS_CARRIED_OUT.includes(name))
    );
  // By chance, a tool may have had no call of a kind.
  for (let tries = 0; tries === 0 || (tries < MAX_TRIES && !isComplete()); tries++) {
    await fc.assert(rounds, { numRuns: ROUNDS, endOnFailure: true });
  }

  for (const [name, { carriedOut, refused, malformed }] of tallies) {
    assert(carriedOut > 0, `${name} was never carried out`);
    assert(malformed > 0, `${name} was never malformed`);
    assert(refused > 0 || ALWAYS_CARRIED_OUT.includes(name), `${name} was never refused`);
  }
  // The calls may have deleted all tasks, and then the data would show nothing.
  await server.write(toolCall("last", "create_task", { id: "the last task", description: "" }));
  assertEquals((await server.next())?.result?.["isError"], undefined);
  clearTimeout(hanging);
  await server.endInput();
  assertEquals(await server.rest(), []);
  assertEquals(await server.exitCode, 0);
  assert(!(await server.log).includes("Unexpected"), await server.log);
  await checkData(directory.path);
});

/** Tools that have nothing to refuse once their arguments fit the schema. */
const ALWAYS_CARRIED_OUT = ["list_instances", "list_templates", "get_history", "wait_for_event"];

async function listOf(server: RawServer): Promise<readonly ListedTool[]> {
  const message = await server.next();
  // The list of tools is what other tests look at.
  return (message?.result as { tools: ListedTool[] }).tools;
}

function lineOf(id: number, call: AnyCall, [task, instance]: Held = ["no task", "nobody"]): string {
  const { tool } = call;
  const args = call.args.replaceAll(`"${HELD}"`, () => JSON.stringify(task))
    .replaceAll(`"${HOLDER}"`, () => JSON.stringify(instance));
  const params = `{"name":${JSON.stringify(tool)},"arguments":${args}}`;
  return `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":${params}}\n`;
}

function count(tallies: ReadonlyMap<string, Tally>, call: AnyCall, { result, error }: Message): void {
  const tally = tallies.get(call.tool);
  assert(tally !== undefined);
  const shown = `${call.tool} ${call.args.slice(0, 2_000)}: ${JSON.stringify(error ?? result).slice(0, 2_000)}`;
  assert((result === undefined) !== (error === undefined), shown);
  if (error !== undefined) {
    // Arguments that are no object are a fault of the request as a whole.
    assertEquals(error.code, INVALID_PARAMS, shown);
    tally.malformed++;
    return;
  }
  assert(typeof result === "object" && result !== null && "structuredContent" in result, shown);
  if (!("isError" in result)) {
    tally.carriedOut++;
    return;
  }
  const { code, message } = (result.structuredContent as { error: { code: string; message: string } }).error;
  assert(!UNAVAILABLE.includes(code), shown);
  if (message.startsWith("Invalid arguments for ")) tally.malformed++;
  else tally.refused++;
}

/** Codes that say that the call could not be carried out though nothing was wrong with it. */
const UNAVAILABLE = [
  "busy",
  "overloaded",
  "storage_failed",
  "outcome_unknown",
  "journal_damaged",
  "newer_version",
  "closed",
];

/** The journal is whole, and gives the same with the server's last checkpoint as without any. */
async function checkData(directory: string): Promise<void> {
  assertEquals(verifyJournal(realDisk, directory).fault, undefined);
  const checkpointed = await stateOf(directory);
  await Deno.remove(`${directory}/state.json`);
  await Deno.remove(`${directory}/tasks.json`);
  const replayed = await stateOf(directory);
  assert(replayed.tasks.length > 0);
  assertEquals(checkpointed, replayed);
}

async function stateOf(directory: string) {
  await using store = await startStore({ directory });
  return await wholeState(store.engine);
}
