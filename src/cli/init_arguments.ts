/** The command line of `init`, which writes the server into the configuration of clients. */

import { type Command, InvalidArgumentError, Option } from "commander";
import { commaList } from "./option_values.ts";

export interface InitInvocation {
  readonly type: "init";
  readonly remove: boolean;
  readonly yes: boolean;
  /** Names of clients. Default: those that are in use. */
  readonly clients?: readonly string[];
  readonly scope: "user" | "project";
  readonly name: string;
  /** Whether agents get a paragraph of instructions. Default: it is asked for. */
  readonly instructions?: boolean;
}

interface Flags extends Omit<InitInvocation, "type" | "clients"> {
  readonly client?: readonly string[];
}

/** Names that every client takes. */
const SERVER_NAME = /^[A-Za-z][\w-]{0,63}$/;

/** Adds the command. */
export function addInitCommand(program: Command, choose: (chosen: InitInvocation) => void): void {
  program.command("init")
    .description("write this server into the configuration of clients: shows each change, and asks")
    .addOption(
      new Option("--client <names...>", "which clients (default: those that are in use)")
        .argParser((value, former: readonly string[] | undefined) => [...former ?? [], ...commaList(value)]),
    )
    .addOption(
      new Option("--scope <scope>", "in your own configuration, or in the project's for all who work on it")
        .choices(["user", "project"]).default("user"),
    )
    .addOption(
      new Option("--name <name>", "what the clients call the server").default("orchestrator").argParser(serverName),
    )
    .option("--instructions", "add a paragraph for agents to AGENTS.md or CLAUDE.md (default: asked for)")
    .option("--no-instructions", "add none, and do not ask")
    .option("--yes", "do not ask: write the configuration", false)
    .option("--remove", "take back all that init has written", false)
    .action(({ client, ...options }: Flags) =>
      choose({ type: "init", ...(client !== undefined && { clients: client }), ...options })
    );
}

function serverName(value: string): string {
  if (SERVER_NAME.test(value)) return value;
  throw new InvalidArgumentError("It must be a letter, then up to 63 letters, digits, _ and -.");
}
