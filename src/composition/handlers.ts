/** The composition of handlers: a file that the operator named, run by the server process that leads. */

import { isAbsolute, resolve } from "node:path";
import type { Engine } from "../app/engine.ts";
import type { Feed } from "../app/feed.ts";
import type { Deliveries, Log } from "../app/ports.ts";
import { digestOf } from "../app/tokens.ts";
import { shellWords } from "../cli/launch.ts";
import { localOperator, type Via } from "../core/model/access.ts";
import { Refusal } from "../core/model/refusal.ts";
import type { Handler } from "../handlers/handler.ts";
import { Handlers } from "../handlers/handlers.ts";
import { parseHandlers } from "../handlers/handlers_file.ts";
import { readHandlersFile } from "./handlers_place.ts";

/** What commands find in their environment, if it is there: where programs are, and where these keep what is theirs. */
const NEEDED = Deno.build.os === "windows" ? ["PATH", "SystemRoot", "USERPROFILE", "LOCALAPPDATA"] : ["PATH", "HOME"];

/** What commands find in their environment, if it may be read: where Deno keeps packages. */
const PASSED_ON = ["DENO_DIR"];

/** Digits of the digest of a file's path that tell handlers of different files apart. */
const ID_DIGITS = 12;

/** The options that name a handlers file. */
export interface HandlersFileOptions {
  readonly handlers: string;
  readonly allowHandlersFrom?: string;
}

/** Handlers that may be run here. */
export interface CheckedHandlers {
  readonly handlers: readonly Handler[];
  /** The working directory of their commands. */
  readonly directory: string;
  /** The environment of their commands, but for the data directory and the token. */
  readonly env: Readonly<Record<string, string>>;
  readonly id: string;
}

/**
 * Reads the handlers file that the arguments name, before anything is opened.
 *
 * @param environment a variable of the environment; undefined if it is not set or may not be read
 * @throws Refusal if it is wrong, or a permission is missing
 */
export async function checkHandlers(
  { handlers: file, allowHandlersFrom }: HandlersFileOptions,
  environment: (variable: string) => string | undefined,
): Promise<CheckedHandlers> {
  const { path, directory, text } = readHandlersFile(file, allowHandlersFrom);
  const handlers = parseHandlers(text, file).map((handler) => withRealCommand(handler, directory));
  requirePermissions(handlers, file);
  const env = Object.fromEntries([...NEEDED, ...PASSED_ON].flatMap((variable) => {
    const value = environment(variable);
    return value === undefined ? [] : [[variable, value]];
  }));
  return { handlers, directory, env, id: (await digestOf(path)).slice(0, ID_DIGITS) };
}

export interface RunningParts {
  readonly engine: Engine;
  readonly feed: Feed;
  readonly deliveries: Deliveries;
  readonly log: Log;
  /** The data directory; undefined if the store is in memory. */
  readonly data: string | undefined;
  /** The way by which this process is called, for the audit. */
  readonly via: Via;
}

/** Competes to run handlers, until it is disposed of. */
export function startHandlers(checked: CheckedHandlers, { data, via, ...parts }: RunningParts): Handlers {
  return new Handlers({
    ...parts,
    ...checked,
    env: { ...checked.env, ...(data !== undefined && { ORCHESTRATOR_DATA_DIR: data }) },
    caller: localOperator("orchestrator", via),
  });
}

/** A command with a path is found from the directory of the file, whatever directory the server was started in. */
function withRealCommand(handler: Handler, directory: string): Handler {
  const [command, ...args] = handler.run;
  const isPath = /[/\\]/.test(command) && !isAbsolute(command);
  return isPath ? { ...handler, run: [resolve(directory, command), ...args] } : handler;
}

function requirePermissions(handlers: readonly Handler[], file: string): void {
  const commands = [...new Set(handlers.map(({ run: [command] }) => command))];
  const run = commands.filter((command) => !isGranted({ name: "run", command }));
  const env = NEEDED.filter((variable) => !isGranted({ name: "env", variable }));
  const flags = [
    ...(run.length > 0 ? [`--allow-run=${run.join(",")}`] : []),
    ...(env.length > 0 ? [`--allow-env=${env.join(",")}`] : []),
  ];
  if (flags.length === 0) return;
  throw new Refusal(
    "invalid_value",
    `Cannot run the handlers of ${file} without permission: start with ${shellWords(flags)}`,
  );
}

function isGranted(permission: Deno.PermissionDescriptor): boolean {
  return Deno.permissions.querySync(permission).state === "granted";
}
