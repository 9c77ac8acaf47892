/** The composition of the commands that only read. */

import type { Engine } from "../app/engine.ts";
import { printAudit } from "../cli/audit.ts";
import { printHistory, type Terminal } from "../cli/commands.ts";
import { printExport } from "../cli/plan.ts";
import { printTokens } from "../cli/tokens.ts";
import { lookAtWebhooks } from "../cli/webhooks.ts";
import { formatPlan } from "../store/file/plan_file.ts";
import { formatTasks } from "../store/file/tasks_file.ts";
import type { CommandInvocation, CommandParts } from "./command_parts.ts";
import { startReading } from "./start_reading.ts";

export type ReadingCommand = CommandInvocation & {
  readonly type:
    | "status"
    | "analyze"
    | "history"
    | "audit"
    | "token list"
    | "webhook list"
    | "webhook log"
    | "webhook test"
    | "export";
};

/** Runs a command that only reads; returns its exit code. */
export async function runReading(
  invocation: ReadingCommand,
  parts: CommandParts,
): Promise<number> {
  if (invocation.type === "status" && invocation.watch) {
    const { runWatch } = await import("./watch.ts");
    return await runWatch(parts);
  }
  const { location, log, terminal, write, version } = parts;
  const showsLegacy = ["status", "analyze", "export"].includes(invocation.type);
  await using app = await startReading(location, { log, showsLegacy });
  const { engine, deliveries } = app;
  switch (invocation.type) {
    case "status": {
      return await printStatus(engine, invocation.all, terminal);
    }
    case "analyze": {
      const { printAnalysis } = await import("../cli/analyze.ts");
      return await printAnalysis(engine, invocation, terminal);
    }
    case "history":
      return await printHistory(engine, invocation, terminal);
    case "audit":
      return await printAudit(engine, invocation.query, terminal);
    case "token list":
      return await printTokens(engine, terminal);
    case "webhook list":
    case "webhook log":
    case "webhook test": {
      const allowPrivate = invocation.type === "webhook test" && invocation.allowPrivate;
      // It brings Node's HTTP client.
      const { deskOf } = await import("./deliver.ts");
      const desk = deskOf({ engine, deliveries, version, allowPrivate });
      return await lookAtWebhooks(invocation, { engine, desk }, terminal);
    }
    case "export": {
      const formats = { plan: formatPlan, tasks: formatTasks };
      return await printExport(engine, { tasks: invocation.tasks, formats }, write);
    }
    default:
      return invocation satisfies never;
  }
}

async function printStatus(engine: Engine, all: boolean, terminal: Terminal): Promise<number> {
  if (all) return await (await import("../cli/status.ts")).printWholeStatus(engine, terminal);
  const [{ lookAt }, { HINT, printBriefStatus }] = await Promise.all([
    import("../cli/overview.ts"),
    import("../cli/brief_status.ts"),
  ]);
  return printBriefStatus(await lookAt(engine), terminal, {
    now: engine.now(),
    hint: HINT,
  });
}
