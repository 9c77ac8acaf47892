/**
 * The earlier audiences of groups, also of deleted ones: history shows only what a caller may see both then and now. The
 * journal does not repeat them in each record, so the state keeps them. Records are told apart by their `seq`, as a
 * correction of the clock sets their times back.
 */

import { type Audience, isSeenBy } from "../model/audience.ts";
import { MAX_PAST_AUDIENCES, MAX_PAST_AUDIENCES_OF_GROUP } from "../model/limits.ts";

/** The audience of a group up to a record. */
export interface PastAudience {
  /** The `seq` of the record that changed it. */
  readonly until: number;
  /** All saw the group if absent. */
  readonly visibleTo?: readonly string[];
}

/** The earlier audiences by group, those that changed last at the end, and the `seq` up to which others are forgotten. */
export interface PastAudiences {
  readonly groups: Map<string, readonly PastAudience[]>;
  floor: number;
}

export interface ReadonlyPastAudiences {
  readonly groups: ReadonlyMap<string, readonly PastAudience[]>;
  readonly floor: number;
}

/** Notes that a group had an audience up to the record `until`. */
export function noteAudienceUntil(
  past: PastAudiences,
  id: string,
  { until, visibleTo }: { readonly until: number; readonly visibleTo: Audience },
): void {
  const last: PastAudience = { until, ...(visibleTo !== undefined && { visibleTo }) };
  const known = past.groups.get(id) ?? [];
  past.groups.delete(id);
  past.groups.set(id, bounded([...known, last]));
  if (past.groups.size <= MAX_PAST_AUDIENCES) return;
  for (const [oldest, audiences] of past.groups) {
    past.groups.delete(oldest);
    past.floor = Math.max(past.floor, audiences.at(-1)?.until ?? 0);
    return;
  }
}

/** Over the bound, the two oldest count as one, which only those saw who saw both. */
function bounded(audiences: readonly PastAudience[]): readonly PastAudience[] {
  const [first, second, ...rest] = audiences;
  if (audiences.length <= MAX_PAST_AUDIENCES_OF_GROUP || first === undefined || second === undefined) return audiences;
  const [a, b] = [first.visibleTo, second.visibleTo];
  const visibleTo = a === undefined ? b : b === undefined ? a : a.filter((each) => b.includes(each));
  return [{ until: second.until, ...(visibleTo !== undefined && { visibleTo }) }, ...rest];
}

/**
 * Whether a caller of some audiences saw a group when a record was written, and sees it now if it is still there.
 *
 * @param at the `seq` of the record
 * @param now its present audience; undefined if it was deleted
 */
export function sawGroup(
  { groups, floor }: ReadonlyPastAudiences,
  { id, at, now }: {
    readonly id: string;
    readonly at: number;
    readonly now: { readonly visibleTo?: Audience } | undefined;
  },
  audiences: readonly string[],
): boolean {
  if (now !== undefined && !isSeenBy(now.visibleTo, audiences)) return false;
  const past = groups.get(id);
  if (past === undefined) return at > floor;
  // Who did not see the group before a change does not see that it changed.
  const then = past.find(({ until }) => at <= until) ?? now;
  return then === undefined || isSeenBy(then.visibleTo, audiences);
}
