/** The command line of `call`, which runs one tool. */

import { type Command, InvalidArgumentError, Option } from "commander";
import { Refusal } from "../core/model/refusal.ts";
import { callerRequest } from "../core/model/request.ts";
import { urlOption } from "./person/arguments.ts";
import { type ServeOptions, SERVER_OPTIONS } from "./serve_options.ts";

/** What to call, and with whose rights. */
export interface CallOptions extends
  Pick<
    ServeOptions,
    "role" | "needsToken" | "instance" | "defaults" | "maxWaitMs" | "allowPrivateWebhooks" | "log"
  > {
  readonly tool: string;
  /** The arguments as JSON; `-` stands for standard input. Default: none. */
  readonly json?: string;
  /** The request id: with it, the call is carried out once. */
  readonly request?: string;
  /** The address of a service to call in place of the files. */
  readonly url?: URL;
}

interface CallFlags {
  readonly requestId?: string;
  readonly url?: URL;
}

/** Adds the command. `choose` gets what its own arguments say. */
export function addCall(
  program: Command,
  choose: (options: Pick<CallOptions, "tool" | "json" | "request" | "url">) => void,
): void {
  program.command("call")
    .description("run one tool, as over MCP, and print its answer as JSON")
    .argument("<tool>", "the name of the tool, like create_task")
    .argument("[json]", 'its arguments, like \'{"task_id": "a"}\', or - for standard input (default: {})')
    .addOption(
      new Option("--request-id <id>", "with it, the call is carried out once, however often it is repeated")
        .argParser(requestId),
    )
    .addOption(urlOption())
    .addHelpText("after", SERVER_OPTIONS)
    .action((tool: string, json: string | undefined, { requestId: request, url }: CallFlags) =>
      choose({
        tool,
        ...(json !== undefined && { json }),
        ...(request !== undefined && { request }),
        ...(url !== undefined && { url }),
      })
    );
}

function requestId(value: string): string {
  try {
    return callerRequest(value, {}).id;
  } catch (error) {
    if (error instanceof Refusal) throw new InvalidArgumentError(`${error.message}.`);
    throw error;
  }
}
