/** The composition of `completion` and `complete`. main.ts loads it only for these. */

import {
  anyRepositoryPermissions,
  callFlag,
  environmentFlag,
  type LaunchOptions,
  readerPermissions,
} from "../cli/launch.ts";
import { locationArgs, type NamedLocation } from "../cli/location.ts";
import type { CompletionInvocation } from "../cli/person/completion_arguments.ts";
import { completionScript } from "../cli/person/completion_scripts.ts";
import { groupIds, taskIds } from "../cli/person/task_ids.ts";
import { type NamedService, serviceOf, type ServiceOptions } from "../cli/service_place.ts";
import type { ToolCaller } from "../app/operation.ts";
import { AUTO } from "../core/model/project_name.ts";
import { usualService } from "./local_service.ts";
import { DEFAULT_LEASE_MS } from "./start_app.ts";
import { type ToolSurroundings, withTools } from "./with_tools.ts";

/** Most words that are offered. */
const MAX_OFFERED = 200;

export interface CompletionSurroundings extends ToolSurroundings {
  readonly print: (line: string) => void;
}

type Completing = Extract<CompletionInvocation, { type: "complete" }>;

type WantedIds = Exclude<Completing["wanted"], { type: "words" }>;

/** Prints what completes a word, one a line, at most `MAX_OFFERED`. */
export async function complete(
  invocation: Completing & { readonly location: NamedLocation },
  { print, ...surroundings }: CompletionSurroundings,
): Promise<number> {
  const { wanted, prefix, url, named, location } = invocation;
  const options = {
    location: named ?? location,
    url,
    defaults: {},
    access: "read" as const,
    fallback: undefined,
    leaseMs: DEFAULT_LEASE_MS,
  };
  const found = wanted.type === "words"
    ? await firstWith(prefix, wanted.words)
    : await withTools(async (call) => await firstWith(prefix, idsOf(wanted, prefix, call)), options, surroundings);
  for (const word of found) print(word);
  return 0;
}

/** Ids of the wanted kind, among them all that begin with the prefix. */
function idsOf(wanted: WantedIds, prefix: string, call: ToolCaller): AsyncIterable<string> {
  return wanted.type === "tasks" ? taskIds(call, { status: wanted.status, text: prefix }) : groupIds(call);
}

async function firstWith(prefix: string, words: Iterable<string> | AsyncIterable<string>): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const word of words) {
    if (word.startsWith(prefix)) found.push(word);
    if (found.length === MAX_OFFERED) break;
  }
  return found;
}

export interface ScriptSurroundings extends NamedService, Pick<ToolSurroundings, "locate" | "log"> {
  /** The running program. */
  readonly program: LaunchOptions;
  readonly write: (text: string) => void;
}

/** Prints the script for a shell. It starts this program with permission to look at the plan, and to call its service. */
export async function printScript(
  invocation: Extract<CompletionInvocation, { type: "completion" }> & { readonly location: NamedLocation },
  surroundings: ScriptSurroundings,
): Promise<number> {
  const { shell, name } = invocation;
  surroundings.write(completionScript(shell, { name, program: await startFor(invocation, surroundings) }));
  return 0;
}

/** The words that complete a command line. With `--project auto`, the repository is that of each command line. */
async function startFor(
  invocation: ServiceOptions,
  surroundings: ScriptSurroundings,
): Promise<readonly string[]> {
  const { program, locate, log } = surroundings;
  const service = serviceOf(invocation, surroundings);
  if (service !== undefined) {
    return [...startOf(program, [callFlag(service), environmentFlag(program.os)]), "complete", "--url", service.href];
  }
  const { location } = invocation;
  if (location.type === "project" && location.project === AUTO) {
    const permissions = anyRepositoryPermissions(program.os, usualService(undefined, log));
    return [...startOf(program, permissions), "--project", AUTO, "complete"];
  }
  const found = await locate("read");
  const permissions = found.store === "database"
    ? found.permissions
    : readerPermissions(program.os, { ...found, service: usualService(found, log) });
  return [...startOf(program, permissions), ...locationArgs(found), "complete"];
}

/** The words that start this program with some permissions. */
function startOf({ isStandalone, executable, program }: LaunchOptions, permissions: readonly string[]) {
  return isStandalone ? [executable] : [executable, "run", "--quiet", "--no-prompt", ...permissions, program];
}
