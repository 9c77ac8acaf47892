/** The command line of `open`, which prints an address that signs in at the dashboard. */

import { type Command, Option } from "commander";
import { type Role, ROLES } from "../core/model/access.ts";
import { DEFAULT_HOST, DEFAULT_PORT, hostOption, portOption } from "./http_arguments.ts";
import { commaList } from "./option_values.ts";

export interface OpenInvocation {
  readonly type: "open";
  /** What whoever signs in may do. */
  readonly role: Role;
  /** The audiences whose groups it sees. Default: all. */
  readonly audiences?: readonly string[];
  /** Where `serve` listens. Default: where the service on the data says that it does, else the defaults of `serve`. */
  readonly host?: string;
  readonly port?: number;
}

/** Adds the command. */
export function addOpenCommand(program: Command, choose: (chosen: OpenInvocation) => void): void {
  program.command("open")
    .description("print the address of the dashboard of serve, with a key that signs in once, within 10 minutes")
    .addOption(new Option("--role <role>", "what whoever signs in may do").choices(ROLES).default("admin"))
    .option("--audiences <names>", "the audiences whose groups it sees, with commas between (default: all)", commaList)
    .addOption(portOption(`the port of serve (default: that of the service on the data, else ${DEFAULT_PORT})`))
    .addOption(hostOption(`the address of serve (default: that of the service on the data, else ${DEFAULT_HOST})`))
    .action((options: Omit<OpenInvocation, "type">) => choose({ type: "open", ...options }));
}
