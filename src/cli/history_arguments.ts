/** The command line of the commands that print what happened: `history` and `audit`. */

import { type Command, Option } from "commander";
import type { HistoryQuery } from "../app/history.ts";
import type { NotificationType } from "../core/messages/notifications.ts";
import { atLeastOne, eventTypes, moment } from "./option_values.ts";
import { instanceOf } from "./serve_options.ts";

export type HistoryInvocation =
  | { readonly type: "history"; readonly query: HistoryQuery; readonly json: boolean }
  | { readonly type: "audit"; readonly query: Omit<HistoryQuery, "limit"> }
  | { readonly type: "audit head" };

/** Default of `history --limit`. */
const DEFAULT_EVENTS = 50;

interface HistoryFlags extends Omit<HistoryQuery, "types"> {
  readonly type?: readonly NotificationType[];
  readonly json: boolean;
}

interface AuditFlags extends Omit<HistoryQuery, "limit" | "types" | "actor"> {
  readonly caller?: string;
  readonly type?: readonly NotificationType[];
  readonly denied?: boolean;
}

/** Adds `history`. */
export function addHistoryCommand(program: Command, choose: (chosen: HistoryInvocation) => void): void {
  program.command("history")
    .description("print what happened, who did it and when")
    .option("--task <id>", "only events of this task")
    .option("--instance <id>", "only events of this instance, and of tasks that it held")
    .option("--group <id>", "only events of this group, and of its tasks")
    .option("--type <names>", "only events of these types, like task.completed,task.failed", eventTypes)
    .option("--since <moment>", "only what came after this seq, event or ISO 8601 time, oldest first", moment)
    .option("--until <moment>", "only what came before this seq, event or ISO 8601 time", moment)
    .option("--limit <count>", "most events", atLeastOne, DEFAULT_EVENTS)
    .option("--json", "print CloudEvents, one JSON object a line", false)
    .action(({ type: types, json, ...options }: HistoryFlags) => {
      const query = {
        ...options,
        ...instanceOf(program),
        ...(types !== undefined && { types }),
      };
      choose({ type: "history", query, json });
    });
}

/** Adds `audit` and `audit head`. */
export function addAuditCommands(program: Command, choose: (chosen: HistoryInvocation) => void): void {
  const audit = program.command("audit")
    .description("print every command and every refused call, with who made it: JSON Lines, oldest first")
    .option("--caller <name>", "only what this client did or was refused")
    .option("--token <name>", "only what holders of this token did or were refused")
    .option("--task <id>", "only what is about this task")
    .option("--instance <id>", "only what is about this instance")
    .option("--since <moment>", "only what came after this seq, event or ISO 8601 time", moment)
    .option("--until <moment>", "only what came before this seq, event or ISO 8601 time", moment)
    .addOption(
      new Option("--type <names>", "only events of these types, like task.completed,task.failed").argParser(eventTypes),
    )
    .addOption(new Option("--denied", "only refused calls").conflicts("type"))
    .action(({ type, denied, caller, ...options }: AuditFlags) => {
      const types = denied === true ? ["access.denied" as const] : type;
      const query = {
        ...options,
        ...instanceOf(program),
        ...(caller !== undefined && { actor: caller }),
        ...(types !== undefined && { types }),
      };
      choose({ type: "audit", query });
    });
  audit.command("head")
    .description("print the seq and hash of the last record: keep them elsewhere, for verify --head")
    .action(() => choose({ type: "audit head" }));
}
