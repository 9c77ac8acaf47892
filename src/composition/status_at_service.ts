/** The composition of `status` at a service. main.ts loads it only for that. */

import type { Invocation } from "../cli/arguments.ts";
import { HINT, printBriefStatus } from "../cli/brief_status.ts";
import type { Terminal } from "../cli/commands.ts";
import { lookAtService } from "../cli/person/remote_overview.ts";
import { Refusal } from "../core/model/refusal.ts";
import { DEFAULT_LEASE_MS } from "./start_app.ts";
import type { LocalService } from "./local_service.ts";
import { atService, isGone } from "./at_service.ts";
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
  const overview = await withTools(lookAtService, { ...invocation, ...LOOKING }, surroundings);
  return printBriefStatus(overview, terminal, { now: Date.now(), hint: "" });
}

/**
 * Prints the same of the plan at the service on its data directory, for the local operator, as from the files. Undefined if
 * the service has ended meanwhile.
 */
export async function printStatusBeside(
  service: LocalService,
  { terminal, ...surroundings }: Omit<StatusSurroundings, "secretOf">,
): Promise<number | undefined> {
  const options = { ...LOOKING, ...surroundings, secretOf: () => undefined };
  try {
    const overview = await atService(lookAtService, service, options);
    return printBriefStatus(overview, terminal, { now: Date.now(), hint: HINT });
  } catch (error) {
    if (!isGone(error)) throw error;
    surroundings.log.debug(`Using the files: ${error.message}`);
    return undefined;
  }
}

/** How the tools are called that only look. */
const LOOKING = { defaults: {}, access: "read", fallback: undefined, leaseMs: DEFAULT_LEASE_MS } as const;
