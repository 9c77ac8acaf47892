/** The project, that is, everything in one journal: whether an operator has paused it. */

import { type Actor, nameActor } from "./news.ts";
import { isoTime } from "./text.ts";

/** An operator has paused the project: nothing can be claimed. What is held can be worked on and ended. */
export interface ProjectPause {
  /** The operator's words. */
  readonly reason: string;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly by: Actor;
}

/** The project as all callers see it. */
export interface ProjectView {
  /** Absent unless the project is paused. */
  readonly paused?: ProjectPause;
}

/** That the project is paused, and why, in words. */
export function describePause(pause: ProjectPause): string {
  return `the project is paused ${detailsOf(pause)}`;
}

/** Since when the project is paused, by whom and why, in words. */
export function detailsOf({ reason, at, by }: ProjectPause): string {
  return `since ${isoTime(at)} by ${nameActor(by)}: ${reason}`;
}
