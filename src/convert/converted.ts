/** What a converter makes of a plan of another program: a plan in the form of our files, and what it had to leave out. */

import { MAX_NAMED } from "../core/model/limits.ts";
import type { Dependency } from "../core/model/dependency.ts";
import type { TaskStatus } from "../core/model/status.ts";
import type { TaskSettings } from "../core/model/task.ts";
import { nameSome } from "../core/model/text.ts";
import { printable } from "../core/model/values.ts";

/** Most kinds of losses that are told. */
const MAX_LOSSES = 20;

export interface Converted {
  /** A whole plan, as files have it. */
  readonly plan: {
    readonly format: "orchestrator-plan";
    readonly version: 1;
    readonly groups: readonly ConvertedGroup[];
    readonly tasks: readonly ConvertedTask[];
  };
  /** What has no counterpart, one sentence a kind. */
  readonly losses: readonly string[];
}

export interface ConvertedGroup {
  readonly id: string;
  readonly title?: string;
}

/** A task without the fields that the reader of plans fills in. All times are milliseconds since the Unix epoch. */
export interface ConvertedTask extends TaskSettings {
  readonly id: string;
  readonly description: string;
  readonly status: Exclude<TaskStatus, "in_progress">;
  readonly dependencies: readonly Dependency[];
  /** No instance of this project has worked on it. */
  readonly attempt: 0;
  readonly result?: string;
  readonly reason?: string;
  readonly createdAt?: number;
  readonly finishedAt?: number;
  readonly notes?: readonly { readonly author: string; readonly at: number; readonly text: string }[];
}

/** A plan of these groups and tasks. */
export function convertedPlan(
  groups: readonly ConvertedGroup[],
  tasks: readonly ConvertedTask[],
  losses: Losses,
): Converted {
  return { plan: { format: "orchestrator-plan", version: 1, groups, tasks }, losses: losses.told };
}

/** Collects what is left out, by kind, with the ids of the first few tasks that had it. */
export class Losses {
  readonly #ids = new Map<string, { readonly first: string[]; count: number }>();

  note(what: string, id: string): void {
    const known = this.#ids.get(what) ?? { first: [], count: 0 };
    this.#ids.set(what, known);
    known.count++;
    if (known.first.length < MAX_NAMED) known.first.push(printable(id));
  }

  /** One sentence a kind, the first `MAX_LOSSES`. */
  get told(): readonly string[] {
    const told = Array.from(this.#ids, ([what, { first, count }]) => `${what}: ${nameSome(first, count)}`);
    const more = told.length - MAX_LOSSES;
    return more <= 0 ? told : [...told.slice(0, MAX_LOSSES), `and ${more} more kinds`];
  }
}

/** The parts of a description, with an empty line between them; empty parts are left out. */
export function paragraphs(...parts: readonly (string | null | undefined)[]): string {
  return parts.map((part) => part?.trim() ?? "").filter((part) => part !== "").join("\n\n");
}

/** A section of a description; empty without a text. */
export function section(title: string, text: string | null | undefined): string {
  return text == null || text.trim() === "" ? "" : `${title}:\n${text.trim()}`;
}

/** The message of a file that is not of the named program. */
export function notOf(program: string, why: string): SyntaxError {
  return new SyntaxError(`It is not a plan of ${program}: ${why}`);
}
