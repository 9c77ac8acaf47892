/** The composition of the command `import`. */

import { type Log, Unavailable } from "../app/ports.ts";
import { checkImport } from "../app/import_plan.ts";
import type { Terminal } from "../cli/commands.ts";
import type { StoredLocation } from "../cli/location.ts";
import { type ForeignPlan, printForeign, printImport, printImportCheck } from "../cli/plan.ts";
import { FOREIGN_FORMATS, type ForeignFormat, type ImportInvocation } from "../cli/plan_arguments.ts";
import type { Converted } from "../convert/converted.ts";
import { withPrefix } from "../core/model/prefixed_plan.ts";
import { Refusal } from "../core/model/refusal.ts";
import { decodeFile } from "../store/file/json_text.ts";
import { parsePlan, readPlan } from "../store/file/plan_file.ts";
import { isThere } from "./locate.ts";
import { type App, startApp } from "./start_app.ts";
import { startReading } from "./start_reading.ts";

export interface ImportParts {
  /** Where the plan is; made if it is missing. */
  readonly locate: () => Promise<StoredLocation>;
  /** Where the plan is; undefined if there is no such project yet. */
  readonly locateUnlessMissing: () => Promise<StoredLocation | undefined>;
  readonly log: Log;
  readonly terminal: Terminal;
  /** Reads a file, or standard input for `-`. */
  readonly readFile: (file: string) => Promise<Uint8Array>;
}

/** Imports the plan of a file; of one of another program, only with `--yes`. */
export async function runImport(
  invocation: { readonly type: "import" } & ImportInvocation,
  parts: ImportParts,
): Promise<number> {
  const { log, terminal } = parts;
  // Read before anything is opened or made: a file that cannot be imported leaves no trace.
  const foreign = await readFile(invocation, parts);
  const isCheck = invocation.from !== undefined && !invocation.yes;
  if (isCheck) {
    await using app = await startChecking(await parts.locateUnlessMissing(), log);
    return await printImportCheck(app.engine, foreign, terminal);
  }
  const location = await parts.locateUnlessMissing();
  if (location === undefined || !await isThere(location, log)) {
    // Nothing is made for a plan that is refused.
    await using empty = await startApp({ store: "memory" }, { log });
    await checkImport(empty.engine, foreign.plan);
  }
  await using app = await startApp(await parts.locate(), { log });
  if (invocation.from !== undefined) printForeign(foreign, terminal);
  return await printImport(app.engine, foreign.plan, terminal);
}

/** Starts on a plan without making anything: one that is not there yet is an empty one. */
async function startChecking(
  location: StoredLocation | undefined,
  log: Log,
): Promise<AsyncDisposable & Pick<App, "engine">> {
  if (location === undefined || !await isThere(location, log)) return await startApp({ store: "memory" }, { log });
  return location.store === "file"
    ? await startApp(location, { log })
    : await startReading(location, { log, showsLegacy: false });
}

async function readFile(
  { file, from, prefix }: ImportInvocation,
  { readFile, log }: ImportParts,
): Promise<ForeignPlan> {
  const name = file === "-" ? "standard input" : file;
  const bytes = await readingNamed(file, readFile);
  try {
    const converted = from === undefined ? undefined : await convert(from, decodeFile(bytes));
    const { plan, warning } = converted === undefined
      ? parsePlan(bytes, Date.now())
      : readPlan(converted.plan, Date.now());
    if (warning !== undefined) log.warn(`${name}: ${warning}`);
    if (prefix !== undefined && plan.paused !== undefined) {
      log.info(`${name}: the plan is paused; with --prefix, the project stays as it is`);
    }
    return { plan: prefix === undefined ? plan : withPrefix(plan, prefix), losses: converted?.losses ?? [] };
  } catch (cause) {
    if (!(cause instanceof SyntaxError) && !(cause instanceof Refusal)) throw cause;
    const isOther = from === undefined && cause instanceof SyntaxError;
    const hint = isOther ? `; --from ${FOREIGN_FORMATS.join(", ")} reads plans of other programs` : "";
    throw new SyntaxError(`Cannot import ${name}: ${cause.message}. Nothing was changed${hint}`, { cause });
  }
}

/** Reads the file that a person has named. What the system says of one that cannot be read names functions of ours. */
async function readingNamed(file: string, readFile: ImportParts["readFile"]): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (cause) {
    const why = cause instanceof Deno.errors.NotFound
      ? "there is no such file"
      : cause instanceof Deno.errors.IsADirectory
      ? "it is a directory"
      : cause instanceof Deno.errors.NotCapable
      ? "permission to read it is missing: add it to --allow-read, or give it on standard input, with - for its name"
      : undefined;
    if (why === undefined) throw cause;
    throw new Unavailable("storage_failed", `Cannot import ${file}: ${why}. Nothing was changed`, { cause });
  }
}

/** Each converter is loaded only when it is needed. */
async function convert(from: ForeignFormat, text: string): Promise<Converted> {
  switch (from) {
    case "task-master":
      return (await import("../convert/task_master.ts")).fromTaskMaster(text);
    case "beads":
      return (await import("../convert/beads.ts")).fromBeads(text);
    case "markdown":
      return (await import("../convert/markdown.ts")).fromMarkdown(text);
    default:
      return from satisfies never;
  }
}
