/** The command lines of `completion`, and of `complete`, which its scripts call. */

import { Argument, type Command, InvalidArgumentError, Option } from "commander";
import type { NamedLocation } from "../location.ts";
import { serviceUrl } from "../option_values.ts";
import { urlOption } from "./arguments.ts";
import { readEnd, type Shell, SHELLS, type Wanted } from "./completion.ts";

export type CompletionInvocation =
  | { readonly type: "completion"; readonly shell: Shell; readonly name: string; readonly url?: URL }
  | {
    readonly type: "complete";
    readonly prefix: string;
    readonly wanted: Wanted;
    readonly url?: URL;
    /** The plan that the command line names. */
    readonly named?: Exclude<NamedLocation, { readonly type: "memory" }>;
  };

/** Adds the commands; `choose` gets the one that was given. */
export function addCompletionCommands(program: Command, choose: (chosen: CompletionInvocation) => void): void {
  program.command("completion")
    .description("print a script with which a shell completes commands, options and ids: source it at its start")
    .addArgument(new Argument("<shell>", "the shell").choices(SHELLS))
    .addOption(
      new Option("--name <name>", "the name or alias under which you call this program").default(
        commandNameOf(program.name()),
      )
        .argParser(commandName),
    )
    .addOption(urlOption())
    .action((shell: Shell, options: { readonly name: string; readonly url?: URL }) =>
      choose({ type: "completion", shell, ...options })
    );
  program.command("complete", { hidden: true })
    .description("print what completes the last of these words, one a line")
    .argument("[words...]")
    .addOption(urlOption())
    .action((words: readonly string[], { url }: { readonly url?: URL }) => {
      const { prefix, wanted, values: { data, project, url: own } } = readEnd(program, words);
      const service = own === undefined ? url : serviceUrl(own);
      choose({
        type: "complete",
        prefix,
        wanted,
        ...(service !== undefined && { url: service }),
        ...(data !== undefined && { named: { type: "data", directory: data } }),
        ...(project !== undefined && { named: { type: "project", project } }),
      });
    });
}

/** The name of a program as that of a command: a file that Deno runs is called by an alias or a function. */
function commandNameOf(program: string): string {
  return /\.[cm]?[jt]s$/.test(program) ? "orchestrator" : program.replace(/\.exe$/i, "");
}

function commandName(value: string): string {
  if (/^[\w.-]+$/.test(value)) return value;
  throw new InvalidArgumentError("It must be the name of a command: letters, digits, dots, hyphens.");
}
