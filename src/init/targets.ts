/** Which files init looks at: the clients' configuration, and the files with instructions for agents. Pure. */

import { Refusal } from "../core/model/refusal.ts";
import { type Client, CLIENTS, type UserPlaces } from "./clients.ts";

/** `user`: for all projects of this user. `project`: in the project, for all who work on it. */
export type Scope = "user" | "project";

/** The file of a client in one scope. */
export interface Target {
  readonly client: Client;
  readonly scope: Scope;
  /** The files that the client reads there; a new one gets the first name. */
  readonly files: readonly [string, ...string[]];
  /** What exists where the client is in use. */
  readonly traces: readonly string[];
}

/**
 * The clients of the given names, or all.
 *
 * @throws Refusal if a name is unknown
 */
export function clientsNamed(names: readonly string[] | undefined): readonly Client[] {
  if (names === undefined) return CLIENTS;
  const known = CLIENTS.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new Refusal("invalid_value", `There is no client ${unknown}: there are ${known.join(", ")}`);
  }
  return CLIENTS.filter(({ name }) => names.includes(name));
}

/** Where clients keep their servers; those without a file of that scope are left out. */
export function targetsOf(
  clients: readonly Client[],
  { scope, places, project }: { readonly scope: Scope; readonly places: UserPlaces; readonly project: string },
): readonly Target[] {
  return clients.flatMap((client): readonly Target[] => {
    const user = client.user(places);
    const traces = client.traces?.(places) ?? [parentOf(user[0])];
    if (scope === "user") return [{ client, scope, files: user, traces }];
    if (client.project === undefined) return [];
    const [first, ...others] = client.project.map((file) => `${project}/${file}`);
    return first === undefined ? [] : [{ client, scope, files: [first, ...others], traces: [...traces, first] }];
  });
}

/** The files with instructions of clients in a project. */
export function instructionFiles(clients: readonly Client[], project: string): readonly string[] {
  const names = clients.flatMap(({ instructions }) => instructions ?? []);
  return [...new Set(names)].map((name) => `${project}/${name}`);
}

/**
 * What must be permitted to change files: their directories. Of the home directory only the files, and the new ones that
 * take their places.
 */
export function changedPlaces(files: readonly string[], home: string, newSuffix: string): readonly string[] {
  const places = files.flatMap((file) => parentOf(file) === home ? [file, file + newSuffix] : [parentOf(file)]);
  return [...new Set(places)].filter((place, _, all) => !all.some((other) => place.startsWith(`${other}/`)));
}

function parentOf(path: string): string {
  return path.replace(/[/\\][^/\\]*$/, "");
}
