/** The command lines of a person's commands. */

import { type Command, Option } from "commander";
import { PRIORITIES, type Priority } from "../../core/model/task.ts";
import { serviceUrl } from "../option_values.ts";
import { SERVER_OPTIONS } from "../serve_options.ts";
import type { PersonCommand } from "./command.ts";

/** What the command line says, beside the options of the program. */
export interface PersonChoice {
  readonly command: PersonCommand;
  readonly json: boolean;
  readonly url?: URL;
}

/** Options of every command. */
interface CommonFlags {
  readonly json: boolean;
  readonly url?: URL;
}

interface AddFlags extends CommonFlags {
  readonly id?: string;
  readonly after?: readonly string[];
  readonly priority?: Priority;
  readonly group?: string;
}

/** The option that names a service. */
export function urlOption(): Option {
  return new Option(
    "--url <address>",
    "call this service (default: ORCHESTRATOR_URL, else the one that runs on the data, else none)",
  )
    .argParser(serviceUrl);
}

/** Adds the commands; `choose` gets the one that was given. */
export function addPersonCommands(program: Command, choose: (choice: PersonChoice) => void): void {
  const taking = (command: PersonCommand, { json, url }: CommonFlags) =>
    choose({ command, json, ...(url !== undefined && { url }) });
  const define = (name: string, description: string) =>
    program.command(name).description(description)
      .option("--json", "print the answer of the tool as JSON", false)
      .addOption(urlOption())
      .addHelpText("after", SERVER_OPTIONS);
  const task = "the id of the task";
  define("add", "add a task")
    .argument("<text...>", "what is to be done")
    .option("--id <id>", "its id (default: made of the text)")
    .option("--after <ids...>", "the tasks that must be completed first")
    .addOption(new Option("--priority <priority>", "how much it matters (default: normal)").choices(PRIORITIES))
    .option("--group <id>", "the group that it belongs to")
    .action((words: readonly string[], { json, url, after = [], ...settings }: AddFlags) => {
      taking({ type: "add", text: words.join(" "), after, ...settings }, { json, ...(url !== undefined && { url }) });
    });
  define("next", "claim a task: the next one that is ready, or the one that you name; exits with 2 if there is none")
    .argument("[id]", task)
    .option("--group <id>", "only of this group")
    .action((id: string | undefined, { group, ...flags }: CommonFlags & { group?: string }) => {
      taking({ type: "next", ...(id !== undefined && { id }), ...(group !== undefined && { group }) }, flags);
    });
  define("done", "complete a task that you have claimed")
    .argument("<id>", task)
    .argument("[result...]", "what came of it, for the tasks that depend on it")
    .action((id: string, words: readonly string[], flags: CommonFlags) => {
      taking({ type: "done", id, result: words.join(" ") }, flags);
    });
  define("note", "add a note to a task, for whoever works on it")
    .argument("<id>", task)
    .argument("<text...>", "the note")
    .action((id: string, words: readonly string[], flags: CommonFlags) => {
      taking({ type: "note", id, text: words.join(" ") }, flags);
    });
  define("retry", "make an ended task pending again, a completed one too")
    .argument("<id>", task)
    .action((id: string, flags: CommonFlags) => taking({ type: "retry", id }, flags));
  define("cancel", "end a task without a result")
    .argument("<id>", task)
    .argument("[reason...]", "why")
    .action((id: string, words: readonly string[], flags: CommonFlags) => {
      const reason = words.join(" ");
      taking({ type: "cancel", id, ...(reason !== "" && { reason }) }, flags);
    });
  define("show", "print all about a task")
    .argument("<id>", task)
    .action((id: string, flags: CommonFlags) => taking({ type: "show", id }, flags));
  define("why", "print why a task waits, and what would help")
    .argument("<id>", task)
    .action((id: string, flags: CommonFlags) => taking({ type: "why", id }, flags));
}
