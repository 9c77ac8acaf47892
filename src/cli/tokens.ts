/** Commands for tokens: issue, list, revoke; and the first token of a server over HTTP. */

import type { Engine } from "../app/engine.ts";
import { isOfSignIn, issueNamedToken } from "../app/sign_in.ts";
import { issueToken } from "../app/tokens.ts";
import { type CallerName, type KnownCaller, localOperator } from "../core/model/access.ts";
import { Refusal } from "../core/model/refusal.ts";
import type { NewToken, TokenView } from "../core/model/token.ts";
import { OPERATOR, type Terminal, visible } from "./commands.ts";
import type { Launch } from "./launch.ts";
import { type Location, locationArgs, pathOf } from "./location.ts";

/** The address of `serve` without options. */
const DEFAULT_ADDRESS = "http://127.0.0.1:8787";

/** How configurations of clients name the variable, in the form that Claude Code fills in. */
const VARIABLE = "${ORCHESTRATOR_TOKEN}";

export interface IssueOptions {
  readonly settings: Omit<NewToken, "digest">;
  /** How clients on this machine start the program. */
  readonly launch: Launch;
  readonly location: Location;
}

/** Issues a token, and prints its secret with a configuration that takes it from the environment. */
export async function printIssuedToken(
  engine: Engine,
  { settings, launch, location }: IssueOptions,
  terminal: Terminal,
): Promise<number> {
  const { secret, token } = await issueNamedToken((command) => engine.execute(command, OPERATOR), settings);
  const url = DEFAULT_ADDRESS + pathOf(location) + "mcp";
  const http = { type: "http", url, headers: { Authorization: `Bearer ${VARIABLE}` } };
  const stdio = {
    command: launch.command,
    args: [...launch.args, ...locationArgs(location), "--as", "token"],
    env: { ORCHESTRATOR_TOKEN: VARIABLE },
  };
  const text = `Issued ${describe(token)}. It is shown only now:

${secret}

Put it into the variable ORCHESTRATOR_TOKEN of whoever starts the client. Over HTTP, the client's configuration is:

${configuration(http)}

For a client on this machine that starts a server of its own:

${configuration(stdio)}

Claude Code fills in ${VARIABLE}; Cursor takes \${env:ORCHESTRATOR_TOKEN} in its place.`;
  for (const line of text.split("\n")) terminal.print(line);
  return 0;
}

/** Prints the tokens, one a line. */
export async function printTokens(engine: Engine, terminal: Terminal): Promise<number> {
  const tokens = await engine.query({ type: "list_tokens" }, OPERATOR);
  for (const token of tokens) terminal.print(visible(describe(token)));
  if (tokens.length === 0) terminal.print("There are no tokens: token issue makes one");
  return 0;
}

/** Revokes a token. */
export async function printRevokedToken(engine: Engine, name: string, terminal: Terminal): Promise<number> {
  const { revoked } = await engine.execute({ type: "revoke_token", name }, OPERATOR);
  terminal.print(`Revoked ${visible(revoked)}: it is refused from now on.`);
  return 0;
}

/** The name of the token that `serve` issues at its first start. */
const FIRST_TOKEN = "admin";

/**
 * Issues a token for an admin if no admin has a valid one; returns its secret, or undefined. Of several servers that start at
 * once, one issues it.
 *
 * @param via the way by which the server is called
 * @param keep keeps the secret where only the operator reads it; if it throws, the token is revoked
 */
export async function firstAdminToken(
  engine: Engine,
  { via, keep }: Pick<CallerName, "via"> & { readonly keep: (secret: string) => void },
): Promise<string | undefined> {
  const operator = localOperator("orchestrator", via);
  const tokens = await engine.query({ type: "list_tokens" }, operator);
  if (tokens.some(isLasting)) return undefined;
  const secret = await issueFirst(engine, tokens, operator);
  if (secret === undefined) return undefined;
  try {
    keep(secret);
  } catch (error) {
    await engine.execute({ type: "revoke_token", name: FIRST_TOKEN }, operator);
    throw error;
  }
  return secret;
}

/** Whether an admin has this token and can go on using it. */
export function isLasting({ name, role, isExpired }: TokenView): boolean {
  return role === "admin" && !isExpired && !isOfSignIn(name);
}

/** Issues the first token, in place of an expired one of its name; undefined if another server was faster. */
async function issueFirst(
  engine: Engine,
  tokens: readonly TokenView[],
  operator: KnownCaller,
): Promise<string | undefined> {
  try {
    const old = tokens.find(({ name }) => name === FIRST_TOKEN);
    if (old?.isExpired === true) await engine.execute({ type: "revoke_token", name: FIRST_TOKEN }, operator);
    const settings = { name: FIRST_TOKEN, role: "admin" } as const;
    return (await issueToken((command) => engine.execute(command, operator), settings)).secret;
  } catch (error) {
    if (error instanceof Refusal && (error.code === "already_exists" || error.code === "not_found")) return undefined;
    throw error;
  }
}

function configuration(server: unknown): string {
  return JSON.stringify({ mcpServers: { orchestrator: server } }, undefined, 2);
}

function describe({ name, role, instance, audiences, expiresAt, isExpired, createdAt }: TokenView): string {
  const until = expiresAt === undefined ? "" : `, ${isExpired ? "expired" : "valid until"} ${isoTime(expiresAt)}`;
  return `${name}: ${role}` +
    (instance === undefined ? "" : ` as instance ${instance}`) +
    (audiences === undefined ? "" : `, sees ${audiences.join(", ")}`) +
    `, issued ${isoTime(createdAt)}${until}`;
}

function isoTime(at: number): string {
  return new Date(at).toISOString();
}
