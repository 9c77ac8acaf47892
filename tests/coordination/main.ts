/**
 * See it work: several agents, each with a server process of its own, share one plan. One is killed while it holds
 * a task, and comes back. Then the journal tells what happened, and whether each task was done exactly once and in
 * order.
 */

import type { JournalRecord } from "../../src/core/events.ts";
import { realDisk } from "../../src/store/disk.ts";
import { verifyJournal } from "../../src/store/maintenance.ts";
import { ORIGIN, readSegments } from "../../src/store/segments.ts";
import { type Server, startServer } from "../support/server.ts";
import {
  type Check,
  checkAllCompleted,
  checkChain,
  checkCrash,
  checkExactlyOnce,
  checkOrder,
  checkResults,
  type Crash,
} from "./checks.ts";
import { expectedResults, isModule, PLAN, PLAN_TEXT } from "./plan.ts";
import { entriesOf, type Entry, type Paper, timeline } from "./timeline.ts";
import { resume, work, type Worker } from "./worker.ts";

const PLANNER = "planner";
const WORKERS = ["ada", "ben", "cleo"];

/** The worker that is the first to work on its second module loses its server while it does. */
const FATAL_MODULE = 2;

/** Columns of text that does not go to a terminal. */
const DEFAULT_COLUMNS = 80;

const paper: Paper = {
  columns: Deno.stdout.isTerminal() ? Deno.consoleSize().columns : DEFAULT_COLUMNS,
  hasColors: Deno.stdout.isTerminal() && !Deno.noColor,
};

/** Starts a server for an agent. */
type Start = (name: string) => Promise<Server>;

/** What happened that the journal cannot know. */
interface Witness {
  readonly crash?: Crash;
  readonly notes: readonly Entry[];
}

async function main(): Promise<number> {
  const started = performance.now();
  const directory = await Deno.makeTempDir({ prefix: "orchestrator-coordination-" });
  let isGood = false;
  try {
    const witness = await coordinate(directory);
    const records = Array.from(readSegments(realDisk, `${directory}/journal`, ORIGIN), (chunk) => chunk.records).flat();
    printTimeline([...entriesOf(records), ...witness.notes]);
    isGood = printChecks(check(directory, records, witness));
    print(`\n${isGood ? "All is well" : "Not all is well"}, after ${seconds(performance.now() - started)} s.`);
  } finally {
    if (isGood) await Deno.remove(directory, { recursive: true });
    else print(`The data directory is kept: ${directory}`);
  }
  return isGood ? 0 : 1;
}

/** Lets the agents carry out the plan. */
async function coordinate(directory: string): Promise<Witness> {
  await using servers = new AsyncDisposableStack();
  const start: Start = async (name) => servers.use(await startServer(directory, { name }));
  const [planner, workers] = await Promise.all([
    start(PLANNER),
    Promise.all(WORKERS.map(async (name): Promise<Worker> => ({ name, server: await start(name) }))),
  ]);
  printIntroduction(directory, [{ name: PLANNER, server: planner }, ...workers]);
  await planner.ask("create_tasks", { tasks: PLAN });
  const isFatal = chooseVictim();
  const witnesses = await Promise.all(workers.map(async (worker): Promise<Witness> => {
    const held = await work(worker, (task) => isFatal(worker.name, task));
    return held === undefined ? { notes: [] } : await dieAndReturn(worker, held, start);
  }));
  return witnesses.find(({ crash }) => crash !== undefined) ?? { notes: [] };
}

/** Says of one task, and of no other, that its worker is to be killed while working on it. */
function chooseVictim(): (worker: string, task: string) => boolean {
  const modules = new Map<string, number>();
  let isOver = false;
  return (worker, task) => {
    if (isOver || !isModule(task)) return false;
    modules.set(worker, (modules.get(worker) ?? 0) + 1);
    isOver = modules.get(worker) === FATAL_MODULE;
    return isOver;
  };
}

/** Loses its server while it holds `task`, gets a new one, finds what it holds, and works on to the end. */
async function dieAndReturn({ name, server }: Worker, task: string, start: Start): Promise<Witness> {
  const { pid } = server;
  await server.kill();
  const killedAt = Date.now();
  const reborn: Worker = { name, server: await start(name) };
  const restartedAt = Date.now();
  const found = await resume(reborn);
  await work(reborn);
  return {
    crash: { worker: name, task, killedAt, restartedAt },
    notes: [
      { at: killedAt, who: name, did: "killed", what: `kill -9 ${pid}, while it holds ${task}` },
      {
        at: restartedAt,
        who: name,
        did: "is back",
        what: `as process ${reborn.server.pid}; holds ${found.join(", ")}`,
      },
    ],
  };
}

function check(directory: string, records: readonly JournalRecord[], { crash }: Witness): readonly Check[] {
  return [
    checkAllCompleted(records, PLAN),
    checkExactlyOnce(records),
    checkOrder(records),
    checkResults(records, expectedResults(PLAN)),
    checkCrash(records, crash),
    checkChain(records, verifyJournal(realDisk, directory)),
  ];
}

function printIntroduction(directory: string, agents: readonly Worker[]): void {
  print(`\n${bold("One plan, shared by agents that know nothing of each other")}\n`);
  for (const { name, server } of agents) {
    const role = name === PLANNER ? "enters the plan" : "takes tasks";
    print(`  ${name.padEnd(8)} ${role.padEnd(16)} its own MCP server, process ${server.pid}`);
  }
  print(`\n  All they share: the directory ${directory}`);
  print(`  The plan: ${PLAN_TEXT}`);
  print("  One of them will be killed while it works.\n");
}

function printTimeline(entries: readonly Entry[]): void {
  print(`${bold("What happened, as the journal tells it")}\n`);
  print("  ┌ claims a task  │ works on it  └ completes it  ╳ killed  ┊ gone  ├ back\n");
  for (const line of timeline(entries, WORKERS, paper)) print(line);
}

/** Returns whether all of them hold. */
function printChecks(checks: readonly Check[]): boolean {
  print(`\n${bold("Checked against the journal")}\n`);
  for (const { title, complaints } of checks) {
    print(complaints.length === 0 ? `  ${color("✓", "1;32")} ${title}` : `  ${color(`✗ ${title}`, "1;31")}`);
    for (const complaint of complaints) print(`      ${complaint}`);
  }
  return checks.every(({ complaints }) => complaints.length === 0);
}

function print(line: string): void {
  console.log(line);
}

function bold(text: string): string {
  return color(text, "1");
}

function color(text: string, code: string): string {
  return paper.hasColors ? `\x1b[${code}m${text}\x1b[0m` : text;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}

if (import.meta.main) Deno.exit(await main());
