/**
 * The address of a database, as `postgres://user@host:port,host:port/database?option=value`. Every option that is not
 * known is refused, as one that is passed over could be the one that the connection's safety depends on.
 */

import { Refusal } from "../../core/model/refusal.ts";
import type { Address } from "./database.ts";
import type { Host } from "./socket.ts";

/** How the connection is protected, as in libpq; the weaker kinds that encrypt only perhaps are not offered. */
const SSL_MODES = ["disable", "require", "verify-full"] as const;
type SslMode = typeof SSL_MODES[number];

const OPTIONS = ["host", "port", "sslmode", "sslrootcert", "passfile", "target_session_attrs"];

const DEFAULT_PORT = 5432;

const FORM = "postgres://user@host/database";

/** What an address says. */
export interface StoreUrl {
  readonly hosts: Address["hosts"];
  readonly user: string;
  readonly database: string;
  readonly sslMode: SslMode;
  /** A file with the certificates that are trusted. Absent: those of the system. */
  readonly rootCertificate?: string;
  /** A file with passwords, in the form of `~/.pgpass`. */
  readonly passwordFile?: string;
}

/** @throws Refusal `invalid_value` */
export function parseStoreUrl(text: string): StoreUrl {
  const parts = /^postgres(?:ql)?:\/\/(?:([^/?#]*)@)?([^@/?#]*)\/([^/?#]*)(?:\?([^#]*))?$/.exec(text);
  if (parts === null) throw refused(`it does not have the form ${FORM}`);
  const [, login = "", authority = "", database = "", query = ""] = parts;
  const options = readOptions(query);
  const [user = "", password] = login.split(":").map(decoded);
  if (password !== undefined) {
    throw refused(
      "it has a password, which every user of this machine can see in the list of processes: leave it out, and set " +
        "PGPASSWORD, or write it into ~/.pgpass or into a file that passfile=FILE names",
    );
  }
  if (user === "") throw refused(`it names no user: ${FORM}`);
  if (database === "") throw refused(`it names no database: ${FORM}`);
  const hosts = hostsOf(authority, options);
  const sslMode = sslModeOf(options.get("sslmode"), hosts);
  const rootCertificate = options.get("sslrootcert");
  if (rootCertificate !== undefined && sslMode !== "verify-full") {
    throw refused(
      `it names sslrootcert, but sslmode is ${sslMode}, which checks no certificate: say sslmode=verify-full`,
    );
  }
  const passwordFile = options.get("passfile");
  return {
    hosts,
    user,
    database: decoded(database),
    sslMode,
    ...(rootCertificate !== undefined && rootCertificate !== "system" && { rootCertificate }),
    ...(passwordFile !== undefined && { passwordFile }),
  };
}

function readOptions(query: string): ReadonlyMap<string, string> {
  const options = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    if (!OPTIONS.includes(name)) throw refused(`it has the option ${name}: there are ${OPTIONS.join(", ")}`);
    options.set(name, value);
  }
  const target = options.get("target_session_attrs") ?? "read-write";
  if (target !== "read-write") {
    throw refused(`target_session_attrs is ${target}: only a server that takes writes is of use, so leave it out`);
  }
  return options;
}

function hostsOf(authority: string, options: ReadonlyMap<string, string>): Address["hosts"] {
  const names = options.get("host") ?? authority;
  const ports = (options.get("port") ?? "").split(",");
  const [first, ...others] = names.split(",").map((name, index) => hostOf(decoded(name), ports[index] ?? ports[0]));
  if (first === undefined) throw refused("it names no host");
  return [first, ...others];
}

function hostOf(name: string, wantedPort: string | undefined): Host {
  const [, host = "", ownPort] = /^(\[[^\]]+\]|[^:]*)(?::(.*))?$/.exec(name) ?? [];
  const port = portOf(ownPort ?? wantedPort);
  if (host === "") throw refused(`it names no host: ${FORM}`);
  if (host.startsWith("/")) return { type: "unix", path: `${host}/.s.PGSQL.${port}` };
  return { type: "tcp", host: host.replace(/^\[(.*)\]$/, "$1"), port };
}

function portOf(text: string | undefined): number {
  if (text === undefined || text === "") return DEFAULT_PORT;
  const port = Number(text);
  if (/^\d+$/.test(text) && port > 0 && port < 65_536) return port;
  throw refused(`${text} is no port`);
}

/** Without a word about it, a connection that leaves the machine is protected. */
function sslModeOf(text: string | undefined, hosts: readonly Host[]): SslMode {
  if (text === undefined) return hosts.every(isLocal) ? "disable" : "verify-full";
  const mode = SSL_MODES.find((mode) => mode === text);
  if (mode !== undefined) return mode;
  throw refused(`sslmode is ${text}: there are ${SSL_MODES.join(", ")}`);
}

function isLocal(host: Host): boolean {
  return host.type === "unix" || ["localhost", "::1"].includes(host.host) || host.host.startsWith("127.");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw refused(`${text} is not percent-encoded`);
  }
}

/** The address itself is not told: it may hold a password. */
function refused(why: string): Refusal {
  return new Refusal("invalid_value", `Cannot use the address of the PostgreSQL database: ${why}`);
}
