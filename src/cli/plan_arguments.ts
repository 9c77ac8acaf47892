/** The command line of `export` and `import`. */

import { type Command, InvalidArgumentError, Option } from "commander";

/** The other programs whose plans can be imported. */
export const FOREIGN_FORMATS = ["task-master", "beads", "markdown"] as const;

export type ForeignFormat = typeof FOREIGN_FORMATS[number];

export interface ExportInvocation {
  readonly type: "export";
  /** Only the tasks, in the format of `tasks.json`. */
  readonly tasks: boolean;
}

export interface ImportInvocation {
  readonly type: "import";
  readonly file: string;
  /** Given to all ids, with a slash. */
  readonly prefix?: string;
  /** The program that wrote the file; this one if absent. */
  readonly from?: ForeignFormat;
  /** Whether to import what another program wrote: without it, the import is only checked. */
  readonly yes: boolean;
}

/** Adds the commands. */
export function addPlanFileCommands(
  program: Command,
  choose: (chosen: ExportInvocation | ImportInvocation) => void,
): void {
  program.command("export")
    .description("print the whole plan as JSON: tasks, groups, templates and the pause")
    .option("--tasks", "print only the tasks, in the format of tasks.json", false)
    .action(({ tasks }: { tasks: boolean }) => choose({ type: "export", tasks }));
  const command = program.command("import")
    .description("add the plan of a file, all or nothing: an export, a tasks.json, or a plan of another program")
    .argument("<file>", "a path, or - for standard input")
    .addOption(
      new Option("--prefix <text>", "give all ids of the plan this prefix and a slash").argParser(prefix),
    )
    .addOption(
      new Option("--from <program>", "read a plan of another program; only tells what would be added")
        .choices(FOREIGN_FORMATS),
    )
    .option("--yes", "with --from: do add it", false);
  command.action((file: string, options: Omit<ImportInvocation, "type" | "file">) => {
    if (options.yes && options.from === undefined) {
      command.error("error: --yes has no effect without --from, as other plans are added at once: leave it out");
    }
    choose({ type: "import", file, ...options });
  });
}

function prefix(value: string): string {
  if (value.trim() === "") throw new InvalidArgumentError("It is empty: give a word, like api.");
  return value;
}
