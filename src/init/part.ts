/** What init writes into a file: the entry of a server, or the paragraph for agents. Pure: text in, text out. */

import type { ConfigFormat, Entry, EntryKey } from "./config_format.ts";
import { jsonConfig } from "./json_config.ts";
import { hasParagraph, paragraphOf, removeParagraph, setParagraph } from "./paragraph.ts";
import { tomlConfig } from "./toml_config.ts";

/** Which part of a file it is. */
export type PartKind =
  | ({ readonly type: "entry"; readonly format: "json" | "toml" } & EntryKey)
  | { readonly type: "paragraph" };

/** What a file has in the place of a part. */
export type Found = "nothing" | "ours" | { readonly foreign: string };

const FORMATS: Readonly<Record<"json" | "toml", ConfigFormat>> = { json: jsonConfig, toml: tomlConfig };

/** Keys that say how the server is started; the others of an entry are its user's once it exists. */
const START_KEYS: readonly string[] = ["command", "args", "env", "environment"];

/** Words of a command line that show that it starts this program. */
const OWN_WORD = /(^|[/\\])(main\.ts|orchestrator(\.js|\.exe)?)$|mcp-orchestrator/;

const BYTE_ORDER_MARK = "\uFEFF";

export function findPart(text: string, kind: PartKind): Found {
  const content = text.replace(BYTE_ORDER_MARK, "");
  if (kind.type === "paragraph") return hasParagraph(content) ? "ours" : "nothing";
  const entry = FORMATS[kind.format].read(content, kind);
  return entry === undefined ? "nothing" : ownerOf(entry, kind.name);
}

/** The text with the entry; of one that exists, only what starts the server changes. */
export function putEntry(text: string, kind: PartKind & { readonly type: "entry" }, entry: Entry): string {
  return changed(text, (content) => {
    const format = FORMATS[kind.format];
    const existing = Object(format.read(content, kind));
    const values = Object.entries(entry).filter(([key]) => START_KEYS.includes(key) || !Object.hasOwn(existing, key));
    return format.set(content, kind, Object.fromEntries(values));
  });
}

/** @param server the name of the server in the clients' configuration */
export function putParagraph(text: string, server: string): string {
  return changed(text, (content) => setParagraph(content, paragraphOf(server)));
}

/**
 * The text without the part.
 *
 * @param before the text before init changed it; undefined if that is not known, null if there was no file
 */
export function takePart(text: string, kind: PartKind, before: string | null | undefined): string {
  return changed(text, (content) => {
    if (kind.type === "paragraph") return removeParagraph(content);
    const format = FORMATS[kind.format];
    const keepsContainer = before === undefined ||
      (before !== null && format.hasContainer(before.replace(BYTE_ORDER_MARK, ""), kind.container));
    return format.remove(content, kind, { keepsContainer });
  });
}

/** Whether nothing is left in a file that init made. */
export function isBlank(text: string): boolean {
  return /^\uFEFF?\s*(\{\s*\})?\s*$/.test(text);
}

function changed(text: string, change: (content: string) => string): string {
  const mark = text.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK : "";
  return mark + change(text.slice(mark.length));
}

/** Whose entry it is, by how it starts the server. */
function ownerOf(entry: unknown, name: string): Found {
  const { command, args, ...rest } = Object(entry);
  const words = [command, args].flat().filter((word) => typeof word === "string");
  if (words.some((word) => OWN_WORD.test(word))) return "ours";
  const isRemote = words.length === 0 && ["url", "httpUrl", "serverUrl"].some((key) => key in rest);
  return {
    foreign: isRemote
      ? `its entry ${name} connects to a server over HTTP`
      : `its entry ${name} starts another program: give ours another name with --name`,
  };
}
