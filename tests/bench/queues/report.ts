/** The page that the comparison of queues writes. */

import { type Machine, machineOf } from "../peers/machine.ts";
import type { Cell, Rates } from "./cell.ts";
import { PACKAGES } from "./systems/mod.ts";

export type Measured = Cell & Rates;

export interface Report {
  readonly measured: readonly Measured[];
  readonly machine: Machine;
  /** As it was typed. */
  readonly command: string;
  /** `2026-01-31`. */
  readonly date: string;
}

export function pageOf({ measured, machine, command, date }: Report): string {
  return [
    "# Compared with queues on PostgreSQL",
    "",
    "<!-- Written by `deno task bench:queues`; do not edit. -->",
    "",
    `\`${command}\`, ${date}: ${
      machineOf(machine)
    } All programs run in Deno, and share the processors with the database.`,
    "",
    "Jobs in a second, of all processes together. “Whole”: a job that is added, taken and completed.",
    "",
    ...[false, true].flatMap((isBatched) => [
      `## ${isBatched ? "Many at a time" : "One by one"}`,
      "",
      ...tableOf(measured.filter((each) => each.isBatched === isBatched)),
      "",
      floorLine(measured.filter((each) => each.isBatched === isBatched)),
      "",
    ]),
    ...NOTES,
    "",
  ].join("\n");
}

const NOTES = [
  "## How each is driven",
  "",
  "- **ours**: the engine of a server on the store in PostgreSQL, without MCP or HTTP before it. One by one: each " +
  "process makes one call after the other. Many at a time: tasks are created 100 a call, and 64 agents in each process " +
  "claim and complete; the engine commits together what waits at the same time. Each task keeps its whole history, the " +
  "order of claims is the same for all processes, and all of this goes through one row of one project; “apart” has a " +
  "project for each process.",
  `- **graphile-worker** (\`${PACKAGES["graphile-worker"]}\`): one by one with \`concurrentJobs: 1\` and \`addJob\`; ` +
  "many at a time as its documentation has it: 24 concurrent jobs, 25 connections, a local queue of 500, completions in " +
  "batches, and `addJobs` with 100. It completes a job while it takes the next, and deletes completed jobs.",
  `- **pg-boss** (\`${
    PACKAGES["pg-boss"]
  }\`): \`send\`, \`fetch\` and \`complete\`; many at a time \`insert\` with 100 ` +
  "jobs and `fetch` with `batchSize: 100`. Its own workers pause for at least half a second between fetches.",
];

function tableOf(measured: readonly Measured[]): readonly string[] {
  const rows = measured.filter(({ system }) => system !== "bare").map((each) => [
    String(each.processes),
    each.system + (each.isApart ? ", apart" : ""),
    rateText(each.added),
    each.worked === undefined ? "–" : rateText(each.worked),
    rateText(wholeOf(each)),
    shareOf(each, measured),
  ]);
  return [
    "| processes | queue | added | taken and completed | whole | ours by theirs |",
    "| --: | --- | --: | --: | --: | --: |",
    ...rows.map((row) => `| ${row.join(" | ")} |`),
  ];
}

/** What it takes to add a job and then to work on it, as a rate. */
function wholeOf({ added, worked = Infinity }: Rates): number {
  return 1 / (1 / added + 1 / worked);
}

/** How many times as many whole jobs ours does on one project. */
function shareOf(each: Measured, measured: readonly Measured[]): string {
  const ours = measured.find(({ system, isApart, processes }) =>
    system === "ours" && !isApart && processes === each.processes
  );
  if (ours === undefined || each.system === "ours") return "";
  return `${(wholeOf(ours) / wholeOf(each)).toFixed(2)}×`;
}

function floorLine(measured: readonly Measured[]): string {
  const bare = measured.filter(({ system }) => system === "bare");
  const alone = bare.find(({ processes }) => processes === 1);
  const shared = bare.filter((each) => each !== alone);
  if (alone === undefined) return "";
  const ours = measured.find(({ system, processes }) => system === "ours" && processes === alone.processes);
  const share = ours === undefined ? "" : `; ours, added: ${(ours.added / alone.added).toFixed(2)}× of it`;
  const more = shared.map(({ processes, added }) => `, ${processes} of them ${rateText(added)}`).join("");
  return `Floor: one process that only appends ${alone.isBatched ? "32 records" : "a record"} of 290 bytes ` +
    `in each statement, if the head is where it is expected: ${rateText(alone.added)} records in a second${share}.` +
    (more === "" ? "" : ` On one head that each locks before${more}.`);
}

function rateText(rate: number): string {
  return Math.round(rate).toLocaleString("en-US");
}
