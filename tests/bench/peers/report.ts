/** The page that the comparison writes. It names a class of machine, never a certain one. */

import { BUDGET_MS } from "./budget.ts";
import { type Machine, machineOf } from "./machine.ts";
import type { Row } from "./row.ts";
import { tableOf } from "./table.ts";

export interface Report {
  /** As it was typed. */
  readonly command: string;
  /** `2026-01-31`. */
  readonly date: string;
  readonly machine: Machine;
  readonly rows: readonly Row[];
  /** Those with figures; the first is the one to be judged. */
  readonly servers: readonly Described[];
  /** Those without. */
  readonly missing: readonly { readonly name: string; readonly why: string }[];
}

export interface Described {
  readonly name: string;
  readonly npmPackage?: string;
  readonly notes: readonly string[];
}

/** The whole page. */
export function pageOf(report: Report): string {
  return [
    "# Compared with other task servers",
    "",
    "<!-- Written by `deno task bench:peers`; do not edit. -->",
    "",
    `\`${report.command}\`, ${report.date}: ${machineOf(report.machine)}`,
    "",
    ...linesOf(report),
    "",
  ].join("\n");
}

/** Table and notes. */
export function linesOf({ rows, servers, missing }: Report): readonly string[] {
  const names = servers.map(({ name }) => name);
  return [
    ...tableOf(rows, names, names[0] ?? ""),
    "",
    "Bold: the best of a row. “Behind”: so many times as slow, or as large. Times are medians; all servers have the " +
    "same client, the MCP SDK's, over standard input and output, one call after the other. A server has " +
    `${BUDGET_MS / 1_000} s to get the tasks of a size, as long again for what is measured there, and as long for ` +
    "each race; otherwise it “did not finish”. Tasks of a race are held for 5 ms each; an execution is a claim that " +
    "succeeded, so one for each task is right. Memory is resident, in the end of the measurements.",
    "",
    "How each is driven, and what its figures hide:",
    "",
    ...servers.map(({ name, npmPackage, notes }) =>
      `- **${name}**${npmPackage === undefined ? "" : ` (\`${npmPackage}\`)`}: ${notes.join(" ")}`
    ),
    ...missing.map(({ name, why }) => `- **${name}** is missing: ${why}.`),
  ];
}
