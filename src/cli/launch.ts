/**
 * How this program is started: the command, and the permissions of Deno that it needs and no more. Pure.
 */

import type { Invocation } from "./arguments.ts";

/** What each command does with the data directory: only `create` makes one that is missing. */
export const ACCESS = {
  serve: "create",
  status: "read",
  history: "read",
  export: "read",
  verify: "read",
  repair: "write",
  backup: "read",
  import: "create",
} as const satisfies Record<Invocation["type"], "read" | "write" | "create">;

/** A command line without the program's own arguments. */
export interface Launch {
  readonly command: string;
  /** Arguments before the program's own. */
  readonly args: readonly string[];
}

export interface LaunchOptions {
  readonly isStandalone: boolean;
  /** The executable that runs now: Deno, or the standalone program. */
  readonly executable: string;
  readonly denoVersion: string;
  /** This program's file. */
  readonly program: string;
}

/** How to start this program again, as it was started now. */
export function launchOf(
  { isStandalone, executable, denoVersion, program }: LaunchOptions,
  directory: string | undefined,
): Launch {
  if (isStandalone) return { command: executable, args: [] };
  const run = ["run", ...(directory === undefined ? [] : permissionFlags([directory], "create")), program];
  // npx keeps what it runs in a cache of its own, which it may clear at any time.
  const isNpx = /[/\\]_npx[/\\]/.test(executable);
  return isNpx ? { command: "npx", args: ["--yes", `deno@${denoVersion}`, ...run] } : { command: "deno", args: run };
}

/** Says how to start the program so that it may use a data directory and the places that links in it lead to. */
export function howToPermit(
  { directory, all, access }: {
    readonly directory: string;
    readonly all: readonly string[];
    readonly access: "read" | "write" | "create";
  },
): string {
  return `start with ${shellWords([...permissionFlags(all, access), "--data", directory])}`;
}

/** Says how to start a backup so that it may read the data and write to the place where the copy goes. */
export function howToPermitBackup(
  { directory, place, destination }: {
    readonly directory: string;
    readonly place: string;
    readonly destination: string;
  },
): string {
  const flags = [...permissionFlags([directory, place], "read"), ...permissionFlags([place], "create").slice(1)];
  return `start with ${shellWords([...flags, "--data", directory, "backup", destination])}`;
}

/** The flags of Deno that permit the use of places. */
export function permissionFlags(places: readonly string[], access: "read" | "write" | "create"): readonly string[] {
  const list = [...new Set(places.map(nameable))].join(",");
  return access === "read" ? [`--allow-read=${list}`] : [`--allow-read=${list}`, `--allow-write=${list}`];
}

/**
 * The path, or the nearest directory above it that a flag can name: a comma always ends a path there, even a doubled
 * one ("Empty path is not allowed", Deno 2.9.6). A permission holds for all that is below its path.
 */
function nameable(path: string): string {
  const [beforeComma = ""] = path.split(",", 1);
  return beforeComma === path ? path : beforeComma.slice(0, Math.max(1, beforeComma.search(/[/\\][^/\\]*$/)));
}

/** Arguments as a POSIX shell takes them. */
export function shellWords(args: readonly string[]): string {
  return args.map((arg) => /^[\w./=:@,-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`).join(" ");
}
