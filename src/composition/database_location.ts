/** Finds out all that is needed to use a project in PostgreSQL: address, password, certificates, permissions. */

import { Unavailable } from "../app/ports.ts";
import type { DatabaseLocation, FoundFiles } from "../cli/location.ts";
import { AUTO, checkProjectName } from "../core/model/project_name.ts";
import { Refusal } from "../core/model/refusal.ts";
import { isPermitted } from "../store/file/data_directory.ts";
import { modeOf, realDisk } from "../store/file/disk.ts";
import { findPassword, isGuarded } from "../store/postgres/password_file.ts";
import {
  checkPostgresRedactions,
  inspectPostgres,
  migratePostgres,
  openPostgres,
  openRawProject,
  openRedactable,
} from "../store/postgres/open.ts";
import type { Host } from "../store/postgres/socket.ts";
import { parseStoreUrl, type StoreUrl } from "../store/postgres/store_url.ts";

/** A variable that the driver looks up, whatever it is told. */
const DRIVER_VARIABLE = "PGAPPNAME";

export interface DatabaseOptions {
  /** The value of `--store` or ORCHESTRATOR_STORE. */
  readonly url: string;
  readonly project: string;
  /** A variable of the environment; undefined if it is not set or may not be read. */
  readonly environment: (variable: string) => string | undefined;
  /** What an earlier look has found, for files that are gone since. */
  readonly found?: FoundFiles;
}

/**
 * @throws Refusal `invalid_value` if the address cannot be used
 * @throws Unavailable `storage_failed` if a permission or a file is missing
 */
export function databaseLocation({ url: text, project, environment, found }: DatabaseOptions): DatabaseLocation {
  const url = parseStoreUrl(text);
  if (project === AUTO) {
    throw new Refusal(
      "invalid_value",
      "Cannot use --project auto with a database, as other machines have the repository elsewhere: give the project a name",
    );
  }
  checkProjectName(project);
  refuseUnpermitted(url);
  const ca = certificatesFor(url, found);
  const tlsOf = (host: Host) => {
    if (host.type === "unix" || url.sslMode === "disable") return undefined;
    return {
      ...(ca !== undefined && { ca }),
      ...(url.sslMode === "verify-full" && { serverName: host.host }),
    };
  };
  const { hosts, user, database } = url;
  const password = passwordFor(url, { environment, found });
  const address = { hosts, user, password, database, tlsOf };
  return {
    store: "database",
    url: text,
    project,
    permissions: permissionFlagsFor(url),
    found: () => ({ password, ca }),
    open: (options) => openPostgres({ ...options, address, project, now: Date.now }),
    migrate: (options) => migratePostgres({ ...options, address, now: Date.now }),
    inspect: ({ log }) => inspectPostgres({ log, isReadOnly: true, address, project, now: Date.now }),
    openRedactable: ({ log }) => openRedactable({ log, isReadOnly: true, address, project, now: Date.now }),
    checkRedactions: ({ log }) => {
      return checkPostgresRedactions({ log, isReadOnly: true, address, project, now: Date.now });
    },
    openRaw: (options) => openRawProject({ ...options, address, project, now: Date.now }),
  };
}

function certificatesFor({ rootCertificate: path }: StoreUrl, found: FoundFiles | undefined): string | undefined {
  if (path === undefined) return undefined;
  const text = readText(path) ?? found?.ca;
  if (text === undefined) throw missing("sslrootcert", path);
  return text;
}

/** From PGPASSWORD, else from the file that is named, else from `~/.pgpass`. */
function passwordFor(
  url: StoreUrl,
  { environment, found }: Pick<DatabaseOptions, "environment"> & { readonly found: FoundFiles | undefined },
): string | undefined {
  const password = environment("PGPASSWORD");
  if (password !== undefined && password !== "") return password;
  const named = url.passwordFile ?? (environment("PGPASSFILE") || undefined);
  const home = environment("HOME") || undefined;
  const path = named ?? (home && `${home}/.pgpass`);
  if (path === undefined || (named === undefined && !isPermitted(path, "read"))) return undefined;
  const text = readText(path);
  if (text !== undefined) return passwordIn(path, text, url);
  if (found === undefined && named !== undefined) throw missing("the password file", named);
  return found?.password;
}

/** The password that a file has for the address. As libpq has it, it must be of no use to other users. */
function passwordIn(path: string, text: string, url: StoreUrl): string | undefined {
  const password = findPassword(text, url);
  const mode = modeOf(path) ?? 0;
  if (password === undefined || (mode & OF_OTHERS) === 0 || isGuarded(path)) return password;
  throw new Unavailable(
    "storage_failed",
    `Cannot use the password in ${path} as other users may read or change it (mode ${
      (mode & MODE_BITS).toString(8)
    }): ` +
      `run chmod 600 ${path}`,
  );
}

const MODE_BITS = 0o777;
const OF_OTHERS = 0o077;

/** Undefined if there is no such file. */
function readText(path: string): string | undefined {
  const bytes = realDisk.readFile(path);
  return bytes && new TextDecoder().decode(bytes);
}

function missing(what: string, path: string): Unavailable {
  return new Unavailable("storage_failed", `Cannot read ${what}: there is no file ${path}`);
}

/** Refuses to begin without a permission that the connection needs, and names the flags that give all of them. */
function refuseUnpermitted(url: StoreUrl): void {
  const isMissing = url.hosts.some((host) => !isReachable(host)) || !mayRead(DRIVER_VARIABLE) ||
    filesOf(url).some((path) => !isPermitted(path, "read"));
  if (!isMissing) return;
  throw new Unavailable(
    "storage_failed",
    `Permission to use PostgreSQL is missing: start with ${permissionFlagsFor(url).join(" ")}, beside the others`,
  );
}

/** Deno's flags for a connection. */
function permissionFlagsFor(url: StoreUrl): readonly string[] {
  const net = url.hosts.map((host) => host.type === "unix" ? `unix:${host.path}` : netName(host));
  const sockets = url.hosts.flatMap((host) => host.type === "unix" ? [host.path] : []);
  const read = [...sockets, ...filesOf(url)];
  return [
    `--allow-net=${net.join(",")}`,
    `--allow-env=${DRIVER_VARIABLE},PGPASSWORD`,
    ...(read.length > 0 ? [`--allow-read=${read.join(",")}`] : []),
    ...(sockets.length > 0 ? [`--allow-write=${sockets.join(",")}`] : []),
  ];
}

function filesOf({ rootCertificate, passwordFile }: StoreUrl): readonly string[] {
  return [rootCertificate, passwordFile].filter((path) => path !== undefined);
}

function isReachable(host: Host): boolean {
  if (host.type === "unix") return isPermitted(host.path, "write");
  return Deno.permissions.querySync({ name: "net", host: netName(host) }).state === "granted";
}

function netName({ host, port }: Host & { readonly type: "tcp" }): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function mayRead(variable: string): boolean {
  return Deno.permissions.querySync({ name: "env", variable }).state === "granted";
}
