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
const DEFAULT_PORT = 8787;
const DEFAULT_HOST = "127.0.0.1";

/** The highest port. */
const MAX_PORT = 65_535;

/** Adds the command. `choose` gets what its own options say. */
export function addHttp(program: Command, choose: (options: HttpOptions) => void): void {
  const command = program.command("serve").description("serve many clients over HTTP: MCP at /mcp");
  for (const option of addressOptions()) command.addOption(option);
  command
    .option("--allow-host <names>", "further host names by which clients call it, like tasks.example.com", hostNames)
    .option("--projects", "serve every project, each at /p/NAME/; those of --project are always open")
    .option("--open", "no access control: every program on this machine may do everything", false)
    .addHelpText("after", SERVER_OPTIONS)
    .action(choose);
}

/** The options that say where `serve` listens. */
export function addressOptions(): readonly Option[] {
  return [
    new Option("--port <number>", "the port; 0 takes any free one").argParser(from(0, MAX_PORT)).default(DEFAULT_PORT),
    new Option("--host <address>", "the IP address, or localhost").argParser(ipAddress).default(DEFAULT_HOST),
  ];
}
