/** The part of docs/clients.md that this writes: a table of what each client did, then its configuration and quirk. */

import type { Client, Launch } from "./clients.ts";
import type { Outcome } from "./run_client.ts";
import { STEPS } from "./scenario.ts";

export interface Row {
  readonly client: Client;
  readonly outcome: Outcome;
}

/** What stands around the part, so that it can be replaced. */
const BEGIN = "<!-- Written by `deno task clients` up to the end mark; do not edit. -->";
const END = "<!-- End of what `deno task clients` writes. -->";

/** The paths that readers replace. */
const SHOWN: Launch = {
  command: "deno",
  args: [
    "run",
    "--allow-read=/path/to/data,/path/to/mcp-orchestrator",
    "--allow-write=/path/to/data",
    "/path/to/mcp-orchestrator/main.ts",
    "--data",
    "/path/to/data",
  ],
};

/** Whether a client that was installed did not do its work. */
export function hasFailed({ outcome }: Row): boolean {
  return outcome.type === "failed";
}

/** A line a client. */
export function tableOf(rows: readonly Row[]): readonly string[] {
  const head = ["client", "package", "connects", ...STEPS];
  return [head, head.map(() => "---"), ...rows.map(cellsOf)].map((cells) => `| ${cells.join(" | ")} |`);
}

/** The page with the part between the marks replaced. Throws if a mark is missing. */
export function pageWith(page: string, rows: readonly Row[], date: string): string {
  const from = page.indexOf(BEGIN);
  const to = page.indexOf(END);
  if (from < 0 || to < from) throw new Error("Cannot write docs/clients.md as it has no marks for the generated part");
  return page.slice(0, from) + [BEGIN, "", ...partOf(rows, date), "", END].join("\n") + page.slice(to + END.length);
}

function partOf(rows: readonly Row[], date: string): readonly string[] {
  return [
    `On ${date}, \`deno task clients\` drove each client's own code, without a model or an account:`,
    "",
    ...tableOf(rows),
    "",
    "“Plan” is `create_tasks` and `create_task` with dependency expressions, “wait” is `get_next_task` with `wait_ms`, " +
    "“refusal” is whether the model reads why a call was refused. “–”: the client calls tools only as its model asks.",
    ...rows.flatMap(({ client }) => ["", ...sectionOf(client)]),
  ];
}

function cellsOf({ client, outcome }: Row): readonly string[] {
  const first = [client.name, `\`${client.packages[0]}\``];
  const all = (cell: string) => STEPS.map(() => cell);
  switch (outcome.type) {
    case "passed":
      return [...first, connectsCell(outcome.tools), ...all("yes")];
    case "connected":
      return [...first, connectsCell(outcome.tools), ...all("–")];
    case "missing":
      return [...first, `not run: ${escaped(outcome.why)}`, ...all("")];
    case "failed":
      return [...first, ...failedCells(outcome)];
  }
}

function connectsCell(tools: number | undefined): string {
  return tools === undefined ? "yes" : `yes, ${tools} tools`;
}

/** "yes" up to the step that failed. A wrong state at the end is told with the last step. */
function failedCells({ step, why }: Extract<Outcome, { type: "failed" }>): readonly string[] {
  const steps = ["connect", ...STEPS];
  const at = step === "end" ? steps.length - 1 : steps.indexOf(step);
  return steps.map((_, index) => index < at ? "yes" : index === at ? `**fails**: ${escaped(why)}` : "");
}

/** Longest reason in the table, in characters. */
const MAX_REASON = 120;

function escaped(text: string): string {
  return text.replaceAll(/\s+/g, " ").trim().slice(0, MAX_REASON).replaceAll("|", "\\|");
}

function sectionOf({ name, place, quirk, configure, commandOf }: Client): readonly string[] {
  const block = commandOf === undefined
    ? ["```json", JSON.stringify(configure(SHOWN), null, 2), "```"]
    : ["```sh", commandOf([SHOWN.command, ...SHOWN.args].join(" ")), "```"];
  return [`**${name}.** ${place}:`, "", ...block, "", quirk];
}
