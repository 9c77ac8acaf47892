/** The command line of `serve`, which serves many clients over HTTP. */

import { type Command, Option } from "commander";
import { from, hostNames, ipAddress } from "./option_values.ts";
import { SERVER_OPTIONS } from "./serve_options.ts";

/** Options for serving HTTP. */
export interface HttpOptions {
  readonly port: number;
  /** An IP address. */
  readonly host: string;
  /** Whether there is no access control. */
  readonly open: boolean;
  /** Further host names by which clients call the server. */
  readonly allowHost?: readonly string[];
  /** Whether all projects are served. */
  readonly projects?: true;
}

/** Default of `serve --port` and `serve --host`. */
export const DEFAULT_PORT = 8787;
export const DEFAULT_HOST = "127.0.0.1";

/** The highest port. */
const MAX_PORT = 65_535;

/** Adds the command. `choose` gets what its own options say. */
export function addHttp(program: Command, choose: (options: HttpOptions) => void): void {
  program.command("serve").description("serve many clients over HTTP: MCP at /mcp")
    .addOption(portOption("the port; 0 takes any free one").default(DEFAULT_PORT))
    .addOption(hostOption("the IP address, or localhost").default(DEFAULT_HOST))
    .option("--allow-host <names>", "further host names by which clients call it, like tasks.example.com", hostNames)
    .option("--projects", "serve every project, each at /p/NAME/; those of --project are always open")
    .option("--open", "no access control: every program on this machine may do everything", false)
    .addHelpText("after", SERVER_OPTIONS)
    .action(choose);
}

/** The option of the port at which `serve` listens. */
export function portOption(description: string): Option {
  return new Option("--port <number>", description).argParser(from(0, MAX_PORT));
}

/** The option of the address on which `serve` listens. */
export function hostOption(description: string): Option {
  return new Option("--host <address>", description).argParser(ipAddress);
}
