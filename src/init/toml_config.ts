/**
 * Changes one entry in TOML: the table `[container.name]`. Everything else stays as it is, byte for byte: smol-toml says
 * where statements end, as exactly the texts that end with one can be parsed, and what the text says before and after.
 */

import { isDeepStrictEqual } from "node:util";
import { parse, stringify, TomlError } from "smol-toml";
import {
  checkChange,
  ConfigFault,
  type ConfigFormat,
  endOfLine,
  type Entry,
  isGroup,
  mergeEntry,
  type Tree,
  type Value,
} from "./config_format.ts";

export const tomlConfig: ConfigFormat = {
  read(text, { container, name }) {
    const servers = parseToml(text)[container];
    return Object(servers) === servers && Object.hasOwn(servers as object, name)
      ? (servers as Readonly<Record<string, unknown>>)[name]
      : undefined;
  },

  hasContainer(text, container) {
    return Object.hasOwn(parseToml(text), container);
  },

  set(text, key, entry) {
    const path = [key.container, key.name];
    const existing = this.read(text, key);
    const after = existing === undefined
      ? append(text, path, entry)
      : Object.entries(entry).reduce((changed, [name, value]) => setValue(changed, [...path, name], value), text);
    const former = existing === undefined ? undefined : treeOf(existing) as Tree;
    checkChange(wholeTree(text), wholeTree(after), key, mergeEntry(former, entry));
    return after;
  },

  remove(text, key) {
    const path = [key.container, key.name];
    const ours = tablesOf(text).filter((table) => path.every((part, depth) => table.path[depth] === part));
    const after = ours.reduceRight((rest, { start, contentEnd }) => cut(rest, start, contentEnd), text);
    checkChange(wholeTree(text), wholeTree(after), key, undefined);
    return after;
  },
};

/** A table with a header of its own. */
interface Table {
  readonly path: readonly string[];
  readonly start: number;
  /** The end of the line of its header. */
  readonly headerEnd: number;
  /** The end of its last statement; comments and empty lines after it belong to what follows. */
  readonly contentEnd: number;
}

type Parsed = Readonly<Record<string, unknown>>;

function parseToml(text: string): Parsed {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const offset = text.split("\n").slice(0, error.line - 1).reduce((sum, line) => sum + line.length + 1, 0);
    const [words = ""] = error.message.replace(/^Invalid TOML document: /, "").split("\n", 1);
    throw new ConfigFault(offset + error.column - 1, `this is no TOML (${words})`);
  }
}

function wholeTree(text: string): Tree {
  return treeOf(parseToml(text)) as Tree;
}

function treeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(treeOf);
  // Dates are values.
  if (value === null || typeof value !== "object" || value instanceof Date) return value;
  return new Map(Object.entries(value).map(([key, inner]) => [key, treeOf(inner)]));
}

/** The whole statements at the start of a text; undefined if it ends within one. */
function statementsIn(text: string): Parsed | undefined {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof TomlError) return undefined;
    throw error;
  }
}

function tablesOf(text: string): readonly Table[] {
  const headers: { readonly start: number; readonly line: string }[] = [];
  let whole = 0;
  for (const { index, 0: line } of text.matchAll(/^[ \t]*\[.*$/gm)) {
    // A line of a text or list of several lines may look like a header.
    if (statementsIn(text.slice(whole, index)) === undefined) continue;
    headers.push({ start: index, line });
    whole = index;
  }
  return headers.map(({ start, line }, at) => {
    const end = headers[at + 1]?.start ?? text.length;
    const [content = ""] = /^(?:[^]*\n)?[ \t]*[^\s#][^\n]*(?:\n|$)/.exec(text.slice(start, end)) ?? [];
    const headerEnd = lineEnd(text, start);
    return { path: pathOf(parseToml(line)), start, headerEnd, contentEnd: start + content.length };
  });
}

/** The keys that lead to the only table. */
function pathOf(parsed: Parsed): readonly string[] {
  const [entry] = Object.entries(parsed);
  if (entry === undefined) return [];
  const [key, value] = entry;
  return [key, ...pathOf((Array.isArray(value) ? value[0] : value) as Parsed)];
}

function lineEnd(text: string, from: number): number {
  const newline = text.indexOf("\n", from);
  return newline < 0 ? text.length : newline + 1;
}

function append(text: string, path: readonly string[], entry: Entry): string {
  const eol = endOfLine(text);
  const gap = text.trim() === "" ? "" : text.endsWith("\n") ? eol : eol + eol;
  return text + gap + written(path, entry).replaceAll("\n", eol);
}

function written(path: readonly string[], entry: Entry): string {
  return stringify(path.reduceRight<object>((inner, key) => ({ [key]: inner }), entry)).trimEnd() + "\n";
}

/** Sets a value of a table that exists. */
function setValue(text: string, path: readonly string[], value: Value): string {
  const inner = tableAt(text, path);
  if (inner !== undefined && isGroup(value)) {
    return Object.entries(value).reduce((changed, [key, each]) => setValue(changed, [...path, key], each), text);
  }
  const table = tableAt(text, path.slice(0, -1));
  const key = path.at(-1) ?? "";
  if (table === undefined) return text;
  const eol = endOfLine(text);
  const statement = statementsOf(text, table).find(({ parsed }) => Object.hasOwn(parsed, key));
  if (statement === undefined) {
    const added = isGroup(value) ? `\n${written(path, value)}` : stringify({ [key]: value });
    const head = text.slice(0, table.contentEnd);
    const gap = head.endsWith("\n") ? "" : eol;
    return head + gap + `${added.trimEnd()}\n`.replaceAll("\n", eol) + text.slice(table.contentEnd);
  }
  const { start, end, parsed } = statement;
  if (isDeepStrictEqual(treeOf(parsed[key]), isGroup(value) ? treeOf(value) : value)) return text;
  const former = text.slice(start, end);
  const [indent = ""] = /^[ \t]*/.exec(former) ?? [];
  return text.slice(0, start) + indent + stringify({ [key]: value }).trimEnd() + commentOf(former) + text.slice(end);
}

function tableAt(text: string, path: readonly string[]): Table | undefined {
  return tablesOf(text).find((table) => isDeepStrictEqual(table.path, path));
}

/** A statement of a table: its place, and what it says. */
interface Statement {
  readonly start: number;
  readonly end: number;
  readonly parsed: Parsed;
}

function statementsOf(text: string, { headerEnd, contentEnd }: Table): readonly Statement[] {
  const found: Statement[] = [];
  for (let start = headerEnd, end = start; end < contentEnd;) {
    end = lineEnd(text, end);
    const parsed = statementsIn(text.slice(start, end));
    if (parsed === undefined) continue;
    found.push({ start, end, parsed });
    start = end;
  }
  return found;
}

/** What follows the value of a statement: its comment, and the end of the line. */
function commentOf(statement: string): string {
  for (const { index } of statement.matchAll(/[ \t]*#/g)) {
    if (Object.keys(statementsIn(statement.slice(0, index)) ?? {}).length > 0) return statement.slice(index);
  }
  return /\r?\n$/.exec(statement)?.[0] ?? "";
}

/** Cuts a table out, with the empty line before it. */
function cut(text: string, start: number, end: number): string {
  return text.slice(0, start).replace(/(^|\n)[ \t]*\r?\n$/, "$1") + text.slice(end);
}
