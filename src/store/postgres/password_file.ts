/** A file of passwords in the form of PostgreSQL's own `~/.pgpass`: `host:port:database:user:password`, a line each. */

import type { StoreUrl } from "./store_url.ts";

/** The password of the first line that fits the address; undefined if none does. */
export function findPassword(text: string, { hosts, database, user }: StoreUrl): string | undefined {
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith("#")) continue;
    const [host, port, ...others] = fieldsOf(line);
    const [wantedDatabase, wantedUser, password] = others;
    const fits = hosts.some((each) => {
      const name = each.type === "unix" ? "localhost" : each.host;
      const number = each.type === "unix" ? each.path.split(".").at(-1) : String(each.port);
      return matches(host, name) && matches(port, number);
    });
    if (fits && matches(wantedDatabase, database) && matches(wantedUser, user)) return password;
  }
  return undefined;
}

/**
 * Directories that nobody else can enter, so that the mode of a file in them tells nothing. Container engines put secrets
 * into the first, readable by the user of the container whatever its number is. systemd puts the credentials of a service
 * into the second, readable by its user through an access list, which looks like mode 0440.
 */
const GUARDED = ["/run/secrets/", "/run/credentials/"];

/** Whether only the service itself can get at a file, whatever its mode is. */
export function isGuarded(path: string): boolean {
  return GUARDED.some((directory) => path.startsWith(directory)) && !path.split("/").includes("..");
}

/** The fields of a line: a backslash takes the next character as it is. */
function fieldsOf(line: string): string[] {
  const fields = line.match(/(?:\\.|[^:\\])+|(?<=:|^)(?=:|$)/g) ?? [];
  return fields.map((field) => field.replace(/\\(.)/g, "$1"));
}

function matches(pattern: string | undefined, value: string | undefined): boolean {
  return pattern === "*" || pattern === value;
}
