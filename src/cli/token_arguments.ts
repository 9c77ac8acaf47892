/** The command line of the commands for tokens. */

import { type Command, Option } from "commander";
import { ROLES } from "../core/model/access.ts";
import type { NewToken } from "../core/model/token.ts";
import { commaList, expiry } from "./option_values.ts";
import { instanceOf } from "./serve_options.ts";

export type TokenInvocation =
  | { readonly type: "token issue"; readonly settings: Omit<NewToken, "digest"> }
  | { readonly type: "token list" }
  | { readonly type: "token revoke"; readonly name: string };

interface IssueFlags extends Omit<NewToken, "digest" | "expiresAt"> {
  readonly expires?: number;
}

/** Adds the commands. */
export function addTokenCommands(program: Command, choose: (chosen: TokenInvocation) => void): void {
  const token = program.command("token").description("say who may call, and what each may do");
  token.command("issue")
    .description("issue a token, and print it this once with a configuration for a client")
    .requiredOption("--name <name>", "its name in lists and in the audit")
    .addOption(new Option("--role <role>", "what its holder may do").choices(ROLES).makeOptionMandatory())
    .option("--instance <id>", "the only instance_id that its holder may use")
    .option("--audiences <names>", "the audiences whose groups it sees, with commas between (default: all)", commaList)
    .option("--expires <time>", "when it expires: ISO 8601, or a duration from now like P30D (default: never)", expiry)
    .action(({ expires: expiresAt, ...options }: IssueFlags) => {
      const settings = { ...options, ...instanceOf(program), ...(expiresAt !== undefined && { expiresAt }) };
      choose({ type: "token issue", settings });
    });
  token.command("list")
    .description("print the tokens that were not revoked")
    .action(() => choose({ type: "token list" }));
  token.command("revoke")
    .description("revoke a token at once, everywhere")
    .argument("<name>", "the name of the token")
    .action((name: string) => choose({ type: "token revoke", name }));
}
