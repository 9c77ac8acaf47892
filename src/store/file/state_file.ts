/**
 * The format of `state.json`: the journal position of the checkpoint, the part of the state that is not in `tasks.json`,
 * and the digest of its `tasks.json`. Nothing here changes a file.
 */

import * as z from "zod";
import { lazy } from "../../core/model/lazy.ts";
import { type Snapshot, SNAPSHOT_VERSION } from "../../core/state/snapshot.ts";
import type { Disk, FileIdentity } from "./disk.ts";
import { sha256, sha256Stream } from "./hash.ts";

/** Characters of text that are gathered before they are yielded. */
const SLICE_CHARACTERS = 256 * 1024;

/** The names of the checkpoint's files in a data directory. */
export const TASKS_FILE = "tasks.json";
export const STATE_FILE = "state.json";

/** Suffix of a file while it is being written. */
export const UNFINISHED = ".tmp";

const bodySchema = lazy(() =>
  z.object({
    /** That of the snapshot. Older ones are read, as they tell which `tasks.json` this program wrote. */
    version: z.int().positive().max(SNAPSHOT_VERSION),
    /** The journal position of both files. */
    position: z.object({ seq: z.number(), hash: z.string(), segment: z.number(), offset: z.number() }),
    nextOrder: z.number(),
    hasArchive: z.boolean().optional(),
    /** Absent in version 1. The next fields are not checked: the digest covers them. */
    recordedAt: z.number().optional(),
    groups: z.custom<Snapshot["groups"]>().optional(),
    instances: z.custom<Snapshot["instances"]>().optional(),
    templates: z.custom<Snapshot["templates"]>().optional(),
    tokens: z.custom<Snapshot["tokens"]>().optional(),
    webhooks: z.custom<Snapshot["webhooks"]>().optional(),
    requests: z.custom<Snapshot["requests"]>().optional(),
    cancelled: z.custom<Snapshot["cancelled"]>().optional(),
    unannounced: z.custom<Snapshot["unannounced"]>().optional(),
    pause: z.custom<Snapshot["pause"]>().optional(),
    pastAudiences: z.custom<Snapshot["pastAudiences"]>().optional(),
    statistics: z.custom<Snapshot["statistics"]>().optional(),
    removed: z.custom<Snapshot["removed"]>().optional(),
    /** The `tasks.json` that belongs to this. */
    tasks: z.object({ sha256: z.string(), inode: z.number(), sizeBytes: z.number(), modifiedMs: z.number() }),
    /** SHA-256 of earlier `tasks.json` files, newest first. */
    previous: z.array(z.string()),
  })
);

/**
 * The fields of `state.json` in every version, to distinguish a newer file from a damaged one. `sha256` is the hash of the
 * other fields, as JSON without white space, in the order of the file.
 */
const headSchema = lazy(() => z.object({ version: z.int().positive(), sha256: z.string() }));

export type CheckpointState = z.infer<ReturnType<typeof bodySchema>>;

/** The result of reading `state.json`. */
export type StateFile =
  | { readonly type: "none" }
  | { readonly type: "known"; readonly state: CheckpointState }
  /** Whole, but written by a newer version of this program. */
  | { readonly type: "newer"; readonly version: number }
  | { readonly type: "damaged"; readonly why: string };

/** Reads the `state.json` of a data directory. */
export function readStateFile(disk: Disk, directory: string): StateFile {
  return parseStateFile(disk.readFile(`${directory}/${STATE_FILE}`));
}

/** Reads the content of a `state.json`; undefined if there is none. */
export function parseStateFile(bytes: Uint8Array | undefined): StateFile {
  return bytes === undefined ? { type: "none" } : parseText(new TextDecoder().decode(bytes));
}

/**
 * The text of a `state.json`, in slices of at most `SLICE_CHARACTERS` and one line. The first line has all but the lists;
 * then each group, instance, token, webhook, request, id and version of a template has a line.
 */
export function* formatStateFile(state: Omit<CheckpointState, "version">): Iterable<string> {
  const hash = sha256Stream();
  let lines: string[] = [];
  let characters = 0;
  for (const line of linesOf(state)) {
    lines.push(line);
    characters += line.length;
    if (characters < SLICE_CHARACTERS) continue;
    hash.update(lines.join(""));
    yield lines.join("\n") + "\n";
    lines = [];
    characters = 0;
  }
  hash.update(lines.join("") + "}");
  yield [...lines, endOf(hash.digest())].join("\n");
}

/** The lines before the last one. Without line feeds, and with a brace at the end, they are what the digest covers. */
function* linesOf(
  state: Omit<CheckpointState, "version">,
) {
  const { groups = [], instances = [], templates = [], tokens = [], webhooks = [], ...others } = state;
  const { requests = [], cancelled = [], unannounced = [], statistics = [], removed, pastAudiences, ...head } = others;
  yield JSON.stringify({ version: SNAPSHOT_VERSION, ...head }).slice(0, -1);
  yield* listOf(',"groups":[', groups);
  yield* listOf(',"instances":[', instances);
  yield* listOf(',"tokens":[', tokens);
  yield* listOf(',"webhooks":[', webhooks);
  yield* listOf(',"requests":[', requests);
  yield* listOf(',"cancelled":[', cancelled);
  yield* listOf(',"unannounced":[', unannounced);
  yield* listOf(',"statistics":[', statistics);
  if (pastAudiences !== undefined) {
    yield* listOf(',"pastAudiences":{"groups":[', pastAudiences.groups);
    yield `,"floor":${pastAudiences.floor}}`;
  }
  if (removed !== undefined) {
    yield* listOf(',"removed":{"attempts":[', removed.attempts);
    yield `,"floor":${removed.floor}}`;
  }
  yield ',"templates":[';
  for (const [index, { versions, ...template }] of templates.entries()) {
    yield (index === 0 ? "" : ",") + JSON.stringify(template).slice(0, -1);
    yield* listOf(',"versions":[', versions);
    yield "}";
  }
  yield "]";
}

/** The lines of a field whose value is a list, from its name and bracket on. */
function* listOf(start: string, items: readonly unknown[]): Iterable<string> {
  yield start;
  let separator = "";
  for (const item of items) {
    yield separator + JSON.stringify(item);
    separator = ",";
  }
  yield "]";
}

/** The last line, with its line feed. */
export function endOf(digest: string): string {
  return `,"sha256":"${digest}"}\n`;
}

/**
 * Whether `tasks.json` is still the file (the inode) that was written with this state. In a copy of the data directory it
 * is not.
 */
export function isInPlace(disk: Disk, directory: string, { tasks }: CheckpointState): boolean {
  // If a process died between its two renames, the file still has its unfinished name.
  return [TASKS_FILE, TASKS_FILE + UNFINISHED]
    .some((name) => disk.identity(`${directory}/${name}`)?.inode === tasks.inode);
}

/** Whether a file is unchanged since it was written with a state. */
export function isUnchanged(identity: FileIdentity, { tasks }: CheckpointState): boolean {
  return identity.inode === tasks.inode && identity.sizeBytes === tasks.sizeBytes &&
    identity.modifiedMs === tasks.modifiedMs;
}

function parseText(text: string): StateFile {
  const json = parseJson(text);
  const head = headSchema().safeParse(json);
  if (!head.success) return { type: "damaged", why: "it does not have the form that this program writes" };
  // The head is there, so it is an object.
  const { sha256: digest, ...body } = json as Record<string, unknown>;
  if (digest !== sha256(JSON.stringify(body))) return { type: "damaged", why: "its digest does not match" };
  if (head.data.version > SNAPSHOT_VERSION) return { type: "newer", version: head.data.version };
  return readBody(body);
}

/** Reads the first line of a file of this form. The caller checks the digest. */
export function parseHead(line: Uint8Array): StateFile {
  return readBody(parseJson(new TextDecoder().decode(line) + "}"));
}

function readBody(body: unknown): StateFile {
  const parsed = bodySchema().safeParse(body);
  return parsed.success
    ? { type: "known", state: parsed.data }
    : { type: "damaged", why: "it lacks what this program writes" };
}

/** Undefined if it is not JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
