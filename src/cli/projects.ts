/** What the commands for projects print. */

import type { ProcessAbout } from "../app/ports.ts";
import { type Terminal, visible } from "./commands.ts";
import { tableOf } from "./table.ts";

/** A project, as the list shows it. */
export interface ProjectRow {
  readonly name: string;
  /** Its repository; absent if it belongs to none. */
  readonly directory?: string;
  /** Whether its repository is not there any more. */
  readonly isGone: boolean;
  /** Tasks that have not ended; absent, like what follows, if it has no data yet. */
  readonly open?: number;
  readonly total?: number;
  /** When its last record was written, in milliseconds since the Unix epoch. */
  readonly changedAt?: number;
  /** Why its data cannot be read. */
  readonly failure?: string;
}

const COLUMNS = ["PROJECT", "OPEN", "TASKS", "LAST CHANGE", "REPOSITORY"];

/** Prints the projects; returns 1 if one of them cannot be read. */
export function printProjects(rows: readonly ProjectRow[], place: string, terminal: Terminal): number {
  if (rows.length === 0) {
    terminal.print(
      `There are no projects in ${place}: a client's server with --project makes one, and so does add "TEXT"`,
    );
    return 0;
  }
  for (const line of tableOf([COLUMNS, ...rows.map(cellsOf)], terminal.columns)) terminal.print(line);
  const failed = rows.filter(({ failure }) => failure !== undefined);
  for (const { name, failure } of failed) terminal.print(visible(`Cannot read ${name}: ${failure}`));
  if (rows.some(({ isGone }) => isGone)) {
    terminal.print("projects move NAME DIRECTORY has a project belong to the repository of that directory.");
  }
  return failed.length > 0 ? 1 : 0;
}

function cellsOf({ name, directory, isGone, open, total, changedAt }: ProjectRow): readonly string[] {
  const repository = directory === undefined ? "none" : `${directory}${isGone ? " (gone)" : ""}`;
  const changed = changedAt === undefined || changedAt === 0 ? "" : minuteOf(changedAt);
  return [name, `${open ?? ""}`, `${total ?? ""}`, changed, visible(repository)];
}

/** Like `2026-11-27 03:05`, in UTC. */
function minuteOf(at: number): string {
  return new Date(at).toISOString().slice(0, 16).replace("T", " ");
}

/** Most sessions that a message names. */
const MAX_NAMED = 5;

/** Who uses a project, by what the processes tell about themselves. */
export function describeSessions(sessions: readonly { readonly about: ProcessAbout | undefined }[]): string {
  const named = sessions.slice(0, MAX_NAMED).map(({ about }) => {
    if (about === undefined) return "a server that tells nothing about itself";
    const { pid, transport, client } = about;
    return `process ${pid} (${transport === "http" ? "serve" : client ?? "no client yet"})`;
  });
  const more = sessions.length - named.length;
  return visible(named.join(", ") + (more > 0 ? ` and ${more} more` : ""));
}
