/**
 * Changes one entry in JSON, with comments and trailing commas or without. Everything else stays as it is, byte for byte:
 * jsonc-parser says where things are; what is inserted follows the lines around it. (Its own edits move the comment of
 * the line before to the new entry, and delete it with the entry.)
 */

import { createScanner, getNodeValue, type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";
import {
  checkChange,
  ConfigFault,
  type ConfigFormat,
  endOfLine,
  type EntryKey,
  isGroup,
  mergeEntry,
  type Tree,
  type Value,
} from "./config_format.ts";

type Nested = Value | { readonly [key: string]: Nested };

export const jsonConfig: ConfigFormat = {
  read(text, key) {
    const property = entryOf(text, key);
    return property && getNodeValue(valueOf(property));
  },

  hasContainer(text, container) {
    const root = rootOf(text);
    return root !== undefined && propertyOf(root, container) !== undefined;
  },

  set(text, key, entry) {
    const existing = entryOf(text, key);
    const path = [key.container, key.name];
    const after = existing === undefined
      ? setAt(text, path, entry)
      : Object.entries(entry).flatMap(([name, value]) =>
        isGroup(value) && propertyOf(valueOf(existing), name) !== undefined
          ? Object.entries(value).map(([inner, text]) => ({ path: [...path, name, inner], value: text as Value }))
          : [{ path: [...path, name], value }]
      ).reduce((changed, { path, value }) => setAt(changed, path, value), text);
    const former = existing && treeOf(valueOf(existing)) as Tree;
    checkChange(wholeTree(text), wholeTree(after), key, mergeEntry(former, entry));
    return after;
  },

  remove(text, key, { keepsContainer }) {
    const property = entryOf(text, key);
    if (property === undefined) return text;
    let after = removeProperty(text, property);
    const container = propertyOf(rootOf(after) as Node, key.container) as Node;
    if (!keepsContainer && childrenOf(valueOf(container)).length === 0) after = removeProperty(after, container);
    checkChange(wholeTree(text), wholeTree(after), key, undefined);
    return after;
  },
};

/** The property of the entry; undefined if there is none. */
function entryOf(text: string, { container, name }: EntryKey): Node | undefined {
  const root = rootOf(text);
  const servers = root && propertyOf(root, container);
  return servers && propertyOf(valueOf(servers), name);
}

/** The object that the text is; undefined if it is empty. */
function rootOf(text: string): Node | undefined {
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true, allowEmptyContent: true });
  const [error] = errors;
  if (error !== undefined) {
    const words = printParseErrorCode(error.error).replaceAll(/(?<=[a-z])(?=[A-Z])/g, " ").toLowerCase();
    throw new ConfigFault(error.offset, `this is no JSON (${words})`);
  }
  if (root === undefined && text.trim() !== "") throw new ConfigFault(0, "this is no JSON (only comments)");
  return root;
}

function wholeTree(text: string): Tree {
  const root = rootOf(text);
  return root === undefined ? new Map() : treeOf(root) as Tree;
}

function treeOf(node: Node): unknown {
  switch (node.type) {
    case "object":
      return new Map(childrenOf(node).map((property) => [keyOf(property), treeOf(valueOf(property))]));
    case "array":
      return childrenOf(node).map(treeOf);
    default:
      return node.value;
  }
}

/** The property of an object; undefined if there is none. */
function propertyOf(object: Node, key: string): Node | undefined {
  if (object.type !== "object") {
    throw new ConfigFault(object.offset, `this is to be an object, but is of type ${object.type}`);
  }
  const [property, twin] = childrenOf(object).filter((child) => keyOf(child) === key);
  if (twin !== undefined) throw new ConfigFault(twin.offset, `${key} is here a second time`);
  return property;
}

function childrenOf(node: Node): readonly Node[] {
  return node.children ?? [];
}

function keyOf(property: Node): string {
  return property.children?.[0]?.value;
}

/** The value of a property; every property of a text without errors has one. */
function valueOf(property: Node): Node {
  return property.children?.[1] as Node;
}

/** The text with a value at a path, whose missing objects are made. */
function setAt(text: string, path: readonly string[], value: Nested): string {
  const root = rootOf(text);
  if (root === undefined) return format(nest(path, value), { ...styleOf(text), indent: "" }) + styleOf(text).eol;
  let object = root;
  for (const [depth, key] of path.entries()) {
    const property = propertyOf(object, key);
    if (property === undefined) return insert(text, object, key, nest(path.slice(depth + 1), value));
    object = valueOf(property);
  }
  return replace(text, object, value);
}

function nest(path: readonly string[], value: Nested): Nested {
  return path.reduceRight<Nested>((inner, key) => ({ [key]: inner }), value);
}

function replace(text: string, node: Node, value: Nested): string {
  const former = text.slice(node.offset, node.offset + node.length);
  if (JSON.stringify(getNodeValue(node)) === JSON.stringify(value)) return text;
  const isOneLine = node.type === "array" && childrenOf(node).length > 0 && !/[\r\n]/.test(former);
  const written = isOneLine
    ? JSON.stringify(value, undefined, 1).replaceAll(/\n */g, " ").replace(/^\[ /, "[").replace(/ \]$/, "]")
    : format(value, { ...styleOf(text), indent: indentAt(text, node.offset) });
  return text.slice(0, node.offset) + written + text.slice(node.offset + node.length);
}

/** Inserts a property after the last one of an object. */
function insert(text: string, object: Node, key: string, value: Nested): string {
  const style = styleOf(text);
  const last = childrenOf(object).at(-1);
  const property = (indent: string) => `${JSON.stringify(key)}: ${format(value, { ...style, indent })}`;
  if (last === undefined) {
    const closing = object.offset + object.length - 1;
    const outer = indentAt(text, object.offset);
    const indent = outer + style.unit;
    // Comments of an empty object stay before the property.
    const inside = text.slice(object.offset + 1, closing).trimEnd();
    return `${text.slice(0, object.offset + 1)}${inside}${style.eol}${indent}${property(indent)}${style.eol}${outer}` +
      text.slice(closing);
  }
  const end = last.offset + last.length;
  const comma = commaAfter(text, end);
  if (!startsLine(text, last.offset)) {
    const added = `${comma === undefined ? ", " : " "}${property(indentAt(text, last.offset))}`;
    const at = comma === undefined ? end : comma + 1;
    return text.slice(0, at) + added + text.slice(at);
  }
  const indent = indentAt(text, last.offset);
  const at = endOfComments(text, comma === undefined ? end : comma + 1);
  const added = `${style.eol}${indent}${property(indent)}`;
  return comma === undefined
    ? `${text.slice(0, end)},${text.slice(end, at)}${added}${text.slice(at)}`
    : `${text.slice(0, at)}${added},${text.slice(at)}`;
}

/** Removes a property with its line, its comma, and the comment behind it. */
function removeProperty(text: string, property: Node): string {
  const siblings = childrenOf(property.parent as Node);
  const end = property.offset + property.length;
  const comma = commaAfter(text, end);
  const hasLine = startsLine(text, property.offset);
  const from = hasLine ? lineStart(text, property.offset) : property.offset;
  const behind = endOfComments(text, comma === undefined ? end : comma + 1);
  const endsLine = /^[ \t]*(\r?\n|$)/.exec(text.slice(behind));
  const to = hasLine && endsLine !== null
    ? behind + endsLine[0].length
    : comma === undefined
    ? end
    : comma + 1 + (/^[ \t]*/.exec(text.slice(comma + 1))?.[0].length ?? 0);
  const before = siblings[siblings.indexOf(property) - 1];
  if (before === undefined && siblings.length === 1) return emptied(text, property.parent as Node, { from, to });
  // The last one of several: the comma before it separates nothing.
  const idle = comma === undefined && before !== undefined
    ? commaAfter(text, before.offset + before.length)
    : undefined;
  if (idle === undefined) return text.slice(0, from) + text.slice(to);
  const between = text.slice(idle + 1, from);
  return text.slice(0, idle) + (hasLine ? between : between.trimEnd()) + text.slice(to);
}

/** The text without the only property of an object, between two places. */
function emptied(text: string, object: Node, { from, to }: { readonly from: number; readonly to: number }): string {
  const closing = object.offset + object.length - 1;
  const rest = text.slice(object.offset + 1, from) + text.slice(to, closing);
  return text.slice(0, object.offset + 1) + (rest.trim() === "" ? "" : rest) + text.slice(closing);
}

interface Style {
  readonly eol: string;
  /** One step of indentation. */
  readonly unit: string;
}

function styleOf(text: string): Style {
  return { eol: endOfLine(text), unit: /^([ \t]+)"/m.exec(text)?.[1] ?? "  " };
}

function format(value: Nested, { eol, unit, indent }: Style & { readonly indent: string }): string {
  return JSON.stringify(value, undefined, unit).replaceAll("\n", eol + indent);
}

/** Where the comma is that follows a place; undefined if none does. */
function commaAfter(text: string, offset: number): number | undefined {
  const scanner = createScanner(text, true);
  scanner.setPosition(offset);
  scanner.scan();
  return text[scanner.getTokenOffset()] === "," ? scanner.getTokenOffset() : undefined;
}

/** The end of the comments that follow a place on its line, if nothing follows them there; else the place itself. */
function endOfComments(text: string, offset: number): number {
  const comments = /(?:[ \t]*(?:\/\/[^\r\n]*|\/\*[^\r\n]*?\*\/))*(?=[ \t]*(?:\r?\n|$))/y;
  comments.lastIndex = offset;
  return offset + (comments.exec(text)?.[0].length ?? 0);
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf("\n", offset - 1) + 1;
}

/** Whether only white space is before a place on its line. */
function startsLine(text: string, offset: number): boolean {
  return lineStart(text, offset) > 0 && text.slice(lineStart(text, offset), offset).trim() === "";
}

/** The white space at the start of the line of a place. */
function indentAt(text: string, offset: number): string {
  return /^[ \t]*/.exec(text.slice(lineStart(text, offset), offset))?.[0] ?? "";
}
