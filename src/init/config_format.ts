/** What the formats of clients' configuration files have in common: one entry is read, set and removed in a text. */

import { isDeepStrictEqual } from "node:util";

/** Where an entry is: the key of the object that holds all servers, and the name of one. */
export interface EntryKey {
  readonly container: string;
  readonly name: string;
}

/** A value within an entry. */
export type Value = string | readonly string[] | Readonly<Record<string, string>>;

/** An entry: how a client starts the server. */
export type Entry = Readonly<Record<string, Value>>;

/** All of these throw ConfigFault for a text that they cannot read, or cannot change without changing more. */
export interface ConfigFormat {
  /** The entry as it is; undefined if there is none. */
  read(text: string, key: EntryKey): unknown;
  /** Whether there is an object of servers. */
  hasContainer(text: string, container: string): boolean;
  /** The text with the entry. Of an existing entry, values that are not given stay. */
  set(text: string, key: EntryKey, entry: Entry): string;
  /** The text without the entry. An object of servers that is then empty goes, too, unless it is to stay. */
  remove(text: string, key: EntryKey, options: { readonly keepsContainer: boolean }): string;
}

/** A text that cannot be read, or not be changed. */
export class ConfigFault extends Error {
  override readonly name = "ConfigFault";

  /** @param offset where in the text, in UTF-16 code units */
  constructor(readonly offset: number, message: string) {
    super(message);
  }
}

/** The content of a file, as far as it counts: objects as maps, so that no name has a meaning of its own. */
export type Tree = ReadonlyMap<string, unknown>;

/**
 * Throws if a text has changed by more or less than its entry. The formats change text, so this reads the result again.
 *
 * @param entry the whole entry as it is to be; undefined if it is to be gone
 */
export function checkChange(before: Tree, after: Tree, { container, name }: EntryKey, entry: Tree | undefined): void {
  const servers = new Map(before.get(container) as Tree | undefined);
  if (entry === undefined) servers.delete(name);
  else servers.set(name, entry);
  const expected = new Map(before).set(container, servers);
  if (!isDeepStrictEqual(withoutEmpty(expected, container), withoutEmpty(after, container))) {
    throw new ConfigFault(0, `the entry ${name} of ${container} is written in a way that cannot be changed alone`);
  }
}

/** An entry with values, as a tree. */
export function mergeEntry(existing: Tree | undefined, entry: Entry): Tree {
  const merged = new Map(existing);
  for (const [key, value] of Object.entries(entry)) {
    const former = merged.get(key);
    merged.set(
      key,
      isGroup(value) ? new Map([...(former instanceof Map ? former : []), ...Object.entries(value)]) : value,
    );
  }
  return merged;
}

/** Whether a value has values of its own. */
export function isGroup(value: Value): value is Readonly<Record<string, string>> {
  return typeof value === "object" && !Array.isArray(value);
}

/** How lines end in a text: as the first one does. */
export function endOfLine(text: string): string {
  return /\r?\n/.exec(text)?.[0] ?? "\n";
}

function withoutEmpty(tree: Tree, container: string): Tree {
  const servers = tree.get(container);
  if (!(servers instanceof Map) || servers.size > 0) return tree;
  const rest = new Map(tree);
  rest.delete(container);
  return rest;
}
