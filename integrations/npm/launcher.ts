#!/usr/bin/env node
/**
 * The command of the npm package: starts the program, in the same directory, with the Deno that npm has installed beside it.
 * Runs in Node; `deno task package` makes plain JavaScript of it.
 */

import { spawn } from "node:child_process";
import { accessSync, constants as access, existsSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { placeOf, projectsPlaceOf } from "../../src/cli/data_place.ts";
import { denoFlags, optionOf, scopeOf, splitArguments, URL_VARIABLE } from "./permissions.ts";

const PACKAGE = dirname(realpathSync(fileURLToPath(import.meta.url)));

/** The directory of the program, of which a start loads what it needs. */
const PROGRAM = join(PACKAGE, "program");

/** Signals that end the program; it gets them from us, too, as they may reach us alone. */
const END_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Settings of Deno: it does not look for a newer version of itself, and reads no file before it is imported. */
const SETTINGS = { DENO_NO_UPDATE_CHECK: "1", DENO_UNSTABLE_LAZY_DYNAMIC_IMPORTS: "1" };

/** What decides where the data is, as src/cli/data_place.ts asks for it. */
const SYSTEM = { os: process.platform === "win32" ? "windows" : process.platform, environment };

try {
  main();
} catch (error) {
  process.stderr.write(`error: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}

function main(): void {
  const deno = denoPath();
  checkExecutable(deno);
  const start = splitArguments(process.argv.slice(2));
  const scope = scopeOf(start.args, environment);
  const place = resolve(scope === "directory" ? dataPlace(optionOf(start.args, "--data")) : projectsPlaceOf(SYSTEM));
  const flags = denoFlags(start, {
    scope,
    data: [place, realPathOf(place)],
    program: PROGRAM,
    service: environment(URL_VARIABLE),
  });
  run(deno, ["run", ...flags, join(PROGRAM, "main.js"), ...start.args], { ...process.env, ...SETTINGS });
}

function environment(variable: string): string | undefined {
  return process.env[variable];
}

/** The path of Deno's executable. */
function denoPath(): string {
  const chosen = environment("ORCHESTRATOR_DENO");
  if (chosen !== undefined && chosen !== "") return chosen;
  try {
    // The package's own way to find its executable: the one in its `bin` would be a further process.
    return createRequire(import.meta.url)("deno/install_api.cjs").runInstall();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split("\n", 1)[0] : cause;
    throw new Error(
      `Cannot find the Deno that npm installs beside this package: ${why}. Install it without --omit=optional, or install ` +
        "Deno (https://deno.com) and name its executable in ORCHESTRATOR_DENO",
      { cause },
    );
  }
}

/** Where Deno takes this process over, nothing could be said any more. */
function checkExecutable(path: string): void {
  try {
    accessSync(path, access.X_OK);
  } catch (cause) {
    throw new Error(`Cannot start ${path}, which is no executable file: ORCHESTRATOR_DENO must name that of Deno`, {
      cause,
    });
  }
}

/** Where the program will keep its data, as it decides itself: see src/cli/data_place.ts. */
function dataPlace(option: string | undefined): string {
  const { directory } = placeOf({
    ...SYSTEM,
    option,
    programDirectory: PROGRAM,
    isSource: false,
    holdsData: (directory) => ["journal", "tasks.json"].some((name) => existsSync(join(directory, name))),
    // The program warns, too.
    warn: () => {},
  });
  return directory;
}

/** The path without symbolic links, as far as it exists: Deno checks both. */
function realPathOf(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  const parent = dirname(path);
  return parent === path ? path : join(realPathOf(parent), path.slice(parent.length));
}

/** Runs the program in place of this process; where that is not possible, as a child that ends with it. */
function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv): void {
  if (process.platform !== "win32" && typeof process.execve === "function") {
    process.execve(command, [command, ...args], env);
  }
  // Through a pipe of ours, its input ends however this process ends.
  const input = process.stdin.isTTY ? "inherit" : "pipe";
  const child = spawn(command, args, { env, stdio: [input, "inherit", "inherit"], windowsHide: true });
  child.on("error", (error) => {
    process.stderr.write(`error: Cannot start ${command}: ${error.message}\n`);
    process.exit(1);
  });
  for (const signal of END_SIGNALS) process.on(signal, () => child.kill(signal));
  // The child has ended: what comes is for nobody.
  child.stdin?.on("error", () => {});
  if (child.stdin !== null) process.stdin.pipe(child.stdin);
  child.on("exit", (code, signal) => process.exit(code ?? 128 + constants.signals[signal ?? "SIGTERM"]));
}
