/** What the comparison needs to know of a server: how to install and start it, and which calls do the common work. */

import type { Json } from "../../support/server.ts";

/** A server that is compared. One file in `adapters/` each; they hold all that is special about it. */
export interface Peer {
  readonly name: string;
  /** What npm installs, `name@version`. Absent: nothing is to be installed. */
  readonly npmPackage?: string;
  /** Packages that npm is to build from their sources afterwards. */
  readonly builtFromSource?: readonly string[];
  /** What a reader must know to judge its figures, a sentence or more each. */
  readonly notes: readonly string[];
  /** How to run it. */
  launch(place: Place): Launch;
  /** A program to be run once in a new data directory before any server. Its time doesn't count. */
  prepare?(place: Place): Launch;
  /** An agent introduces itself, where it has to. */
  enter?(session: Calls, agent: string): Promise<void>;
  /** Creates a task; resolves to its id. */
  create(session: Calls, name: string): Promise<string>;
  /** Creates many at once, at most `FILL_TASKS`, where there is a call for that. */
  createMany?(session: Calls, names: readonly string[]): Promise<void>;
  /** Gets the agent some task to work on. `next` is what its last `complete` has proposed. */
  claim(session: Calls, agent: string, next: string | undefined): Promise<Claim>;
  /** Completes a task that the agent holds; resolves to the id of the next, where the server proposes one. */
  complete(session: Calls, agent: string, id: string): Promise<string | undefined>;
  /** What an agent gets that asks for the tasks. */
  list(session: Calls): Promise<string>;
  /** The same until all have been seen, where that takes more than one call. */
  listAll?(session: Calls): Promise<string>;
}

/** At most so many tasks are given to `createMany`. */
export const FILL_TASKS = 50;

/** What an agent writes into each task. Some servers refuse shorter ones. */
export const DESCRIPTION = "Something to be done by an agent";
export const RESULT = "Done by the agent, as it was asked for";

export interface Place {
  /** Where npm has installed the package. */
  readonly installed: string;
  /** The data directory. */
  readonly directory: string;
}

export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** `refused`: there may be tasks, but this attempt got none. */
export type Claim = { readonly id: string } | "nothing" | "refused";

/** An answer of a tool. */
export interface Answer {
  readonly text: string;
  readonly structured: Json | undefined;
}

/** Tools of a running server. */
export interface Calls {
  /** Rejects with `ToolError` if the tool says that it failed. */
  call(tool: string, args?: Json): Promise<Answer>;
}

/** A tool has failed, or has not done what it was asked for. */
export class ToolError extends Error {
  override readonly name = "ToolError";
}

/** Calls a tool, and has all else be no more than a lost race: `undefined` if it failed. */
export async function attempt(call: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof ToolError) return undefined;
    throw error;
  }
}

/** The part of an answer that the first group of a pattern matches. */
export function found(pattern: RegExp, text: string): string {
  const match = pattern.exec(text)?.[1];
  if (match === undefined) throw new ToolError(`Expected ${pattern}: ${text.slice(0, 200)}`);
  return match;
}
