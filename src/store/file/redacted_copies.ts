/**
 * Removes the texts of a task from the copies of tasks and records in a data directory: files that were set aside, what a
 * repair cut off, and what deliverers keep. The checkpoint is none of them, as it is replaced by a new one.
 */

import type { Redaction } from "../../core/messages/redact.ts";
import { type RedactableField, REDACTED } from "../../core/model/redaction.ts";
import { splitLine } from "./codec.ts";
import { type Disk, writeFile } from "./disk.ts";
import { sha256 } from "./hash.ts";
import { UNFINISHED } from "./state_file.ts";
import { formatRedacted, readRedacted, redactBody } from "./redacted_line.ts";

/** Suffix of a copy while it is being replaced. */
const REPLACED = ".redacted";

/** Shortest text that is looked for wherever it may be: a shorter one stands for other things, too. */
const MIN_CHARACTERS = 8;

/** How many characters of a text must be there for its beginning to be found: a text may have been cut. */
const HEAD_CHARACTERS = 24;

/** Most texts that are looked for. Those over it are removed from tasks and records only. */
const MAX_TEXTS = 10_000;

/** The fields of a task that hold a text, by what is redacted. */
const FIELDS: Readonly<Record<string, readonly RedactableField[]>> = {
  description: ["description"],
  result: ["result"],
  value: ["result"],
  error: ["error"],
  reason: ["reason"],
  progress: ["progress"],
  notes: ["notes"],
  refs: ["refs"],
  pastAttempts: ["result", "error", "reason", "progress"],
};

export class RedactedCopies {
  readonly #directory: string;
  readonly #disk: Disk;
  /** The texts that were removed from records, as they stand in JSON. */
  readonly #texts = new Set<string>();

  constructor({ directory, disk }: { readonly directory: string; readonly disk: Disk }) {
    this.#directory = directory;
    this.#disk = disk;
  }

  /** Remembers the texts that a record has lost, to find them in files of any form. */
  remember(before: string, after: string): void {
    for (const text of removedTexts(JSON.parse(before), JSON.parse(after))) {
      if (text.length >= MIN_CHARACTERS && this.#texts.size < MAX_TEXTS) {
        this.#texts.add(JSON.stringify(text).slice(1, -1));
      }
    }
  }

  /** Removes the texts from every copy; returns the paths of those that were changed. */
  redact(redaction: Redaction, by = 0): readonly string[] {
    const changed: string[] = [];
    for (const path of this.#paths()) {
      if (path.endsWith(REPLACED)) {
        this.#disk.remove(path);
        continue;
      }
      const text = new TextDecoder().decode(this.#disk.readFile(path));
      const redacted = this.#redactText(path, text, { redaction, by });
      if (redacted === text) continue;
      writeFile(this.#disk, path + REPLACED, new TextEncoder().encode(redacted));
      this.#disk.rename(path + REPLACED, path);
      this.#disk.syncDirectory(path.slice(0, path.lastIndexOf("/")));
      changed.push(path);
    }
    return changed;
  }

  /** The files that may have copies, but for those that others are writing just now: the next such write replaces them. */
  *#paths(): Iterable<string> {
    for (const name of this.#disk.list(this.#directory)) {
      const path = `${this.#directory}/${name}`;
      if (/^(tasks|state)\.json\.|^cut-.*\.jsonl/.test(name) && !name.endsWith(UNFINISHED)) yield path;
      if (!/^repaired-|^deliveries$/.test(name)) continue;
      for (const file of this.#disk.list(path)) {
        if (!file.endsWith(".lock") && !file.endsWith(UNFINISHED)) yield `${path}/${file}`;
      }
    }
  }

  #redactText(
    path: string,
    text: string,
    { redaction, by }: { readonly redaction: Redaction; readonly by: number },
  ): string {
    const redacted = path.endsWith(".jsonl")
      ? text.split("\n").map((line) => redactLine(line, redaction, by)).join("\n")
      : redactJson(text, redaction);
    return this.#scrub(redacted);
  }

  /** Replaces the remembered texts, and what begins like one. */
  #scrub(text: string): string {
    let scrubbed = text;
    for (const secret of this.#texts) {
      const head = secret.slice(0, HEAD_CHARACTERS);
      for (let at = scrubbed.indexOf(head); at >= 0; at = scrubbed.indexOf(head, at + REDACTED.length)) {
        let end = at + head.length;
        while (end - at < secret.length && scrubbed[end] === secret[end - at]) end++;
        scrubbed = scrubbed.slice(0, at) + REDACTED + scrubbed.slice(end);
      }
    }
    return scrubbed;
  }
}

/** A line of a journal. One that is damaged and names the task is replaced as a whole. */
function redactLine(line: string, redaction: Redaction, by: number): string {
  if (!line.includes(JSON.stringify(redaction.id))) return line;
  const parts = splitLine(line);
  const before = readRedacted(parts.body);
  try {
    const body = redactBody(before?.body ?? parts.body, redaction);
    if (body === undefined) return line;
    const digest = before === undefined ? sha256(parts.body) : before.digest;
    const redacted = { body, bodyDigest: sha256(body), ...(digest !== undefined && { digest }), by };
    return formatRedacted(redacted, parts.hash).slice(0, -1);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return REDACTED;
    throw error;
  }
}

/** A file of tasks, or a `state.json`. Any other stays as it is. */
function redactJson(text: string, redaction: Redaction): string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
  const redacted = redactIn(value, redaction, undefined);
  const after = JSON.stringify(redacted);
  return after === JSON.stringify(value) ? text : after + "\n";
}

/** Marks every task with the id, and what is about it, at any depth. */
function redactIn(value: unknown, redaction: Redaction, key: string | undefined): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((each) => redactIn(each, redaction, undefined));
  const entries: readonly (readonly [string, unknown])[] = Object.entries(value);
  const own = "id" in value ? value.id : key;
  return Object.fromEntries(entries.map(([name, field]) => {
    const isMeant = own === redaction.id && FIELDS[name]?.some((each) => redaction.fields.includes(each)) === true;
    return [name, isMeant ? marked(field) : redactIn(field, redaction, name)];
  }));
}

/** The value with a marker in place of each text. */
function marked(value: unknown): unknown {
  if (typeof value === "string") return value === "" ? value : REDACTED;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(marked);
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, marked(field)]));
}

/** The texts of a value that another one lacks. */
function* removedTexts(before: unknown, after: unknown): Iterable<string> {
  if (typeof before === "string") {
    if (before !== after) yield before;
    return;
  }
  if (typeof before !== "object" || before === null) return;
  // Fields of an object or elements of an array, by their names or places.
  const others = new Map<string, unknown>(typeof after === "object" && after !== null ? Object.entries(after) : []);
  for (const [name, field] of Object.entries(before)) yield* removedTexts(field, others.get(name));
}
