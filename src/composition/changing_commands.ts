/** The composition of the commands that change the plan, or who may do what. */

import type { Log } from "../app/ports.ts";
import { issueNamedToken } from "../app/sign_in.ts";
import { printArchive } from "../cli/archive.ts";
import { OPERATOR, printClockCorrection } from "../cli/commands.ts";
import { printSignIn } from "../cli/open.ts";
import { printPause, printResume } from "../cli/pause.ts";
import { type IssueOptions, printIssuedToken, printRevokedToken } from "../cli/tokens.ts";
import { changeWebhook, type ChangingWebhooks } from "../cli/webhooks.ts";
import type { CommandInvocation, CommandParts } from "./command_parts.ts";
import { dashboardOf } from "./local_service.ts";
import { startApp } from "./start_app.ts";

export type ChangingCommand = CommandInvocation & {
  readonly type:
    | "clock"
    | "archive"
    | "token issue"
    | "token revoke"
    | "open"
    | "pause"
    | "resume"
    | ChangingWebhooks["type"];
};

/** Runs a command that changes the plan; returns its exit code. */
export async function runChanging(invocation: ChangingCommand, parts: CommandParts): Promise<number> {
  const { location, log, terminal, launch, version } = parts;
  await using app = await startApp(location, { log });
  const { engine } = app;
  switch (invocation.type) {
    case "clock":
      return await printClockCorrection(engine, terminal);
    case "archive":
      return await printArchive(engine, invocation, terminal);
    case "token issue":
      return await printIssuedToken(engine, { settings: invocation.settings, launch, location }, terminal);
    case "token revoke":
      return await printRevokedToken(engine, invocation.name, terminal);
    case "open":
      return await printSignIn(
        engine,
        { ...invocation, address: await dashboardOf(location, invocation, log) },
        terminal,
      );
    case "pause":
      return await printPause(engine, invocation.reason, terminal);
    case "resume":
      return await printResume(engine, terminal);
    case "webhook add":
    case "webhook replay":
    case "webhook rotate":
    case "webhook remove": {
      // It brings Node's HTTP client.
      const { deskOf } = await import("./deliver.ts");
      const desk = deskOf({ engine, deliveries: app.deliveries, version, allowPrivate: false });
      return await changeWebhook(invocation, { engine, desk }, terminal);
    }
    default:
      return invocation satisfies never;
  }
}

/**
 * Refuses a token that no plan would take, before one is made for it.
 *
 * @throws Refusal if its settings are wrong
 */
export async function checkNewToken(settings: IssueOptions["settings"], log: Log): Promise<void> {
  await using app = await startApp({ store: "memory" }, { log });
  await issueNamedToken((command) => app.engine.execute(command, OPERATOR), settings);
}
