/**
 * See it work: several agents, each with a server process of its own, share one graph of tasks. Two acts show what
 * they can rely on; then the journal tells what happened, and whether it was right.
 */

import type { JournalRecord } from "../../src/core/messages/events.ts";
import { realDisk } from "../../src/store/file/disk.ts";
import { verifyJournal } from "../../src/store/file/maintenance.ts";
import { makeTemporaryDirectory } from "../support/temp.ts";
import { ACT_ONE } from "./act_one.ts";
import { ACT_TWO } from "./act_two.ts";
import type { Check } from "./check.ts";
import { checkChain } from "./checks.ts";
import { entriesOf } from "./entries.ts";
import { Printer } from "./print.ts";
import { type Act, openStage, type Scene, type Stage, WORKERS } from "./stage.ts";
import { LEGEND } from "./timeline.ts";

/** What came of an act or a scene. */
interface Outcome {
  readonly records: readonly JournalRecord[];
  readonly checks: readonly Check[];
}

const ACTS = [ACT_ONE, ACT_TWO];

async function main(printer: Printer): Promise<number> {
  const started = performance.now();
  const directory = await makeTemporaryDirectory("orchestrator-coordination-");
  let isGood = false;
  try {
    isGood = await perform(directory, printer);
    const took = ((performance.now() - started) / 1000).toFixed(1);
    printer.text(["", `${isGood ? "All is well" : "Not all is well"}, after ${took} s.`]);
  } finally {
    if (isGood) await Deno.remove(directory, { recursive: true });
    else printer.text([`The data directory is kept: ${directory}`]);
  }
  return isGood ? 0 : 1;
}

/** Plays all acts; resolves to whether every check holds. */
async function perform(directory: string, printer: Printer): Promise<boolean> {
  const outcomes: Outcome[] = [];
  {
    await using stage = await openStage(directory);
    introduce(stage, printer);
    for (const act of ACTS) outcomes.push(await playAct(act, stage, printer));
  }
  const records = outcomes.flatMap((outcome) => outcome.records);
  const chain = checkChain(records, verifyJournal(realDisk, directory));
  printer.heading("Checked against the journal");
  outcomes.forEach(({ checks }, index) => printer.checks(ACTS[index]?.name ?? "", checks));
  printer.checks("Both", [chain]);
  return [...outcomes.flatMap(({ checks }) => checks), chain].every(({ complaints }) => complaints.length === 0);
}

function introduce({ directory, planner, workers }: Stage, printer: Printer): void {
  const agents = [
    { ...planner, role: "enters plans" },
    ...WORKERS.map((name) => ({ ...workers[name], role: "takes tasks" })),
  ];
  printer.heading("Agents that know nothing of each other share one graph of tasks");
  printer.text([
    ...agents.map(({ name, role, server }) =>
      `${name.padEnd(8)} ${role.padEnd(13)} its own MCP server, process ${server.pid}`
    ),
    "",
    `All they share: the directory ${directory}`,
    "",
    ...LEGEND,
  ]);
}

async function playAct(act: Act, stage: Stage, printer: Printer): Promise<Outcome> {
  printer.heading(`${act.name}: ${act.title}`);
  const outcomes: Outcome[] = [];
  for (const scene of act.scenes) outcomes.push(await playScene(scene, stage, printer));
  const records = outcomes.flatMap((outcome) => outcome.records);
  return { records, checks: [...outcomes.flatMap((outcome) => outcome.checks), ...act.check(records)] };
}

async function playScene({ title, text, play }: Scene, stage: Stage, printer: Printer): Promise<Outcome> {
  if (title !== undefined) printer.subheading(title);
  printer.text(text);
  const { notes, check } = await play(stage);
  const records = stage.newRecords();
  printer.timeline([...entriesOf(records), ...notes], WORKERS);
  return { records, checks: check(records) };
}

if (import.meta.main) Deno.exit(await main(new Printer()));
