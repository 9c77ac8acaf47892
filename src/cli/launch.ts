/** Makes command lines that start this program with exactly the Deno permissions that it needs. Pure. */

import type { Invocation } from "./arguments.ts";

/** How each command uses the data directory; for `call`, its tool decides. Only `create` makes a missing one. */
export const ACCESS = {
  serve: "create",
  http: "create",
  status: "read",
  digest: "read",
  history: "read",
  analyze: "read",
  export: "read",
  audit: "read",
  "audit head": "read",
  "token issue": "create",
  "token list": "read",
  "token revoke": "write",
  open: "write",
  "webhook add": "write",
  "webhook list": "read",
  "webhook log": "read",
  "webhook test": "read",
  "webhook replay": "write",
  "webhook rotate": "write",
  "webhook remove": "write",
  verify: "read",
  repair: "write",
  backup: "read",
  import: "create",
  clock: "write",
  archive: "write",
  pause: "write",
  resume: "write",
  doctor: "read",
  redact: "write",
} as const satisfies Record<Exclude<Invocation["type"], "call">, "read" | "write" | "create">;

/** A command line without the program's own arguments. */
export interface Launch {
  readonly command: string;
  /** Arguments before those of the program. */
  readonly args: readonly string[];
}

export interface LaunchOptions {
  /** Of this program. */
  readonly version: string;
  readonly isStandalone: boolean;
  /** The running executable: Deno, or the standalone program. */
  readonly executable: string;
  readonly denoVersion: string;
  /** The path of this program. */
  readonly program: string;
}

/** Permits to read the client's token: without it, a token in the environment would count for nothing. */
const TOKEN_FLAG = "--allow-env=ORCHESTRATOR_TOKEN";

/** Returns how to start this program again in the way in which it was started. */
export function launchOf(
  { version, isStandalone, executable, denoVersion, program }: LaunchOptions,
  directory: string | undefined,
): Launch {
  if (isStandalone) return { command: executable, args: [] };
  const npm = npmLaunchOf(program, version);
  if (npm !== undefined) return npm;
  const permissions = directory === undefined ? [] : [...permissionFlags([directory], "create"), TOKEN_FLAG];
  const run = ["run", ...permissions, program];
  return isInNpxCache(executable)
    ? { command: "npx", args: ["--yes", `deno@${denoVersion}`, ...run] }
    : { command: "deno", args: run };
}

/** The npm package, and its program in a directory where npm has installed it. */
const NPM_PACKAGE = "@mcp-orchestrator/server";
const NPM_PROGRAM = /([/\\]node_modules[/\\]@mcp-orchestrator[/\\]server[/\\])orchestrator\.mjs$/;

/** How to start the program of the npm package, whose launcher gives the permissions; undefined for another program. */
function npmLaunchOf(program: string, version: string): Launch | undefined {
  if (!NPM_PROGRAM.test(program)) return undefined;
  return isInNpxCache(program)
    ? { command: "npx", args: ["--yes", `${NPM_PACKAGE}@${version}`] }
    : { command: "node", args: [program.replace(NPM_PROGRAM, "$1launcher.mjs")] };
}

/** Whether a path is in the cache of npx, which npx may clear at any time. */
function isInNpxCache(path: string): boolean {
  return /[/\\]_npx[/\\]/.test(path);
}

/** Returns how to start the program with permission for a data directory and for the targets of links in it. */
export function howToPermit(
  { directory, all, access }: {
    readonly directory: string;
    readonly all: readonly string[];
    readonly access: "read" | "write" | "create";
  },
): string {
  return `start with ${shellWords([...permissionFlags(all, access), "--data", directory])}`;
}

/** Returns how to start a backup with permission to read the data and to write to `place`. */
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

/** Deno's flag that permits to listen on a port; 0 stands for any port. */
export function listenFlag(host: string, port: number): string {
  return `--allow-net=${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Deno's flags that permit access to the given paths. */
export function permissionFlags(places: readonly string[], access: "read" | "write" | "create"): readonly string[] {
  const list = [...new Set(places.map(nameable))].join(",");
  return access === "read" ? [`--allow-read=${list}`] : [`--allow-read=${list}`, `--allow-write=${list}`];
}

/**
 * The path, or the nearest directory above it whose name has no comma: in a flag, a comma ends the path, even a doubled
 * one ("Empty path is not allowed", Deno 2.9.6). A permission for a directory covers everything below it.
 */
function nameable(path: string): string {
  const [beforeComma = ""] = path.split(",", 1);
  return beforeComma === path ? path : beforeComma.slice(0, Math.max(1, beforeComma.search(/[/\\][^/\\]*$/)));
}

/** Arguments quoted for a POSIX shell. */
export function shellWords(args: readonly string[]): string {
  return args.map((arg) => /^[\w./=:@,-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`).join(" ");
}
