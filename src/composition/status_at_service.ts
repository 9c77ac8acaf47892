/** The composition of `status` at a service. main.ts loads it only for that. */

import type { Invocation } from "../cli/arguments.ts";
import { printBriefStatus } from "../cli/brief_status.ts";
import type { Terminal } from "../cli/commands.ts";
import { lookAtService } from "../cli/person/remote_overview.ts";
import { Refusal } from "../core/model/refusal.ts";
import { DEFAULT_LEASE_MS } from "./start_app.ts";
import { type ToolSurroundings, withTools } from "./with_tools.ts";

export interface StatusSurroundings extends ToolSurroundings {
  readonly terminal: Terminal;
}

/** Prints the status of the plan at the service that arguments or environment name; returns the exit code. */
export async function printStatusAtService(
  invocation: Invocation & { readonly type: "status" },
  { terminal, ...surroundings }: StatusSurroundings,
): Promise<number> {
  if (invocation.all || invocation.watch) {
    throw new Refusal(
      "invalid_value",
      "status shows a plan at a service without --all and --watch only: --data shows files, the dashboard all",
    );
  }
  const options = {
    ...invocation,
    defaults: {},
    access: "read" as const,
    fallback: undefined,
    leaseMs: DEFAULT_LEASE_MS,
  };
  const overview = await withTools(lookAtService, options, surroundings);
  return printBriefStatus(overview, terminal, { now: Date.now(), hint: "" });
}
