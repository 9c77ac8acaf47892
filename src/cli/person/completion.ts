/** What can stand at the end of a command line, by the commands and options of the program. Pure. */

import type { Command, Option } from "commander";

/** The shells for which there is a script. */
export type Shell = "bash" | "zsh" | "fish";

export const SHELLS: readonly Shell[] = ["bash", "zsh", "fish"];

/** What completes the last word: texts, or ids that the plan has. */
export type Wanted =
  | { readonly type: "words"; readonly words: readonly string[] }
  /** Tasks in one of these states; none given: all. */
  | { readonly type: "tasks"; readonly status: readonly string[] }
  | { readonly type: "groups" };

/** The end of a command line. */
export interface CommandLineEnd {
  /** The last word, as far as it is there. */
  readonly prefix: string;
  readonly wanted: Wanted;
  /** The values of the options so far, by their names. */
  readonly values: Readonly<Record<string, string>>;
}

/** The states of the tasks that a command is for. One that is not here takes any. */
const STATUSES: Readonly<Record<string, readonly string[]>> = {
  next: ["ready"],
  done: ["in_progress"],
  retry: ["completed", "failed", "cancelled", "skipped"],
  cancel: ["pending", "in_progress"],
};

/** The names of arguments and options that are ids of tasks. */
const TASKS: readonly string[] = ["id", "task", "after"];

/** Commands whose argument `id` is that of a new task. */
const OF_NEW_TASKS: readonly string[] = ["add"];

/** Where a command line stands after some words. */
interface Place {
  readonly command: Command;
  /** How many arguments the command has. */
  readonly arguments: number;
  /** The option whose value follows. */
  readonly option?: Option | undefined;
  readonly values: Readonly<Record<string, string>>;
}

/** Reads a command line without the name of the program; the last word, which may be empty, is the one to complete. */
export function readEnd(program: Command, words: readonly string[]): CommandLineEnd {
  let place: Place = { command: program, arguments: 0, values: {} };
  for (const word of words.slice(0, -1)) place = after(word, place, program);
  const last = words.at(-1) ?? "";
  return { prefix: last, wanted: wantedAt(last, place), values: place.values };
}

function after(word: string, place: Place, program: Command): Place {
  const { command, option, values } = place;
  if (word.startsWith("-")) {
    const [name = "", value] = word.split(/=(.*)/s);
    const found = [...command.options, ...program.options].find(({ long, short }) => name === long || name === short);
    if (found === undefined || !(found.required || found.optional)) return { ...place, option: undefined };
    if (value === undefined) return { ...place, option: found };
    return { ...place, option: undefined, values: { ...values, [found.name()]: value } };
  }
  if (option !== undefined) {
    return { ...place, values: { ...values, [option.name()]: word }, option: option.variadic ? option : undefined };
  }
  const chosen = place.arguments === 0 ? command.commands.find((each) => each.name() === word) : undefined;
  if (chosen !== undefined) return { command: chosen, arguments: 0, values };
  return { ...place, arguments: place.arguments + 1 };
}

function wantedAt(last: string, { command, arguments: count, option }: Place): Wanted {
  if (last.startsWith("-")) return words(visibleOptions(command));
  if (option !== undefined) return valueOf(option, option.name(), command);
  const help = command.createHelp();
  const names = help.visibleCommands(command).map((each) => each.name());
  if (names.length > 0) return words(count === 0 ? names : []);
  const { registeredArguments: known } = command;
  const argument = known[count] ?? (known.at(-1)?.variadic === true ? known.at(-1) : undefined);
  return argument === undefined ? words([]) : valueOf(argument, argument.name(), command);
}

function valueOf({ argChoices = [] }: Pick<Option, "argChoices">, name: string, command: Command): Wanted {
  if (name === "group") return { type: "groups" };
  const isTask = TASKS.includes(name) && !(name === "id" && OF_NEW_TASKS.includes(command.name()));
  if (!isTask) return words(argChoices);
  return { type: "tasks", status: name === "id" ? STATUSES[command.name()] ?? [] : [] };
}

function visibleOptions(command: Command): readonly string[] {
  return command.createHelp().visibleOptions(command).flatMap(({ long }) => long ?? []);
}

function words(list: readonly string[]): Wanted {
  return { type: "words", words: list };
}
