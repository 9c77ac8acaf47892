/**
 * Counts how many active instances may claim the ready tasks of each requirement. Instances with the same profile are
 * compared once, and so are buckets of tasks with the same requirement.
 */

import { isEligible, type Kind, type Profile, type Requirement } from "./eligibility.ts";

/** The active instances, and the requirements of the ready tasks. */
export interface Fleet {
  /** The profiles of the active instances, by id. */
  readonly instances: Map<string, Profile>;
  /** The profiles of the active instances, one each, by the key of the profile. */
  readonly crews: Map<string, Profile[]>;
  /** The requirements of ready tasks, by `keyOf`. */
  readonly demands: Map<string, Demand>;
}

/** A requirement that several buckets of ready tasks share. */
export interface Demand extends Kind {
  /** Whether some instances may not claim the tasks. */
  readonly isDemanding: boolean;
  /** How many active instances may claim the tasks. */
  able: number;
  /** How many buckets share the requirement. */
  buckets: number;
}

export function emptyFleet(): Fleet {
  return { instances: new Map(), crews: new Map(), demands: new Map() };
}

/**
 * Replaces the profile of an instance; `before` or `after` is undefined while the instance is not active.
 * O(different requirements + instances with the same profile).
 */
export function changeFleet(fleet: Fleet, before: Profile | undefined, after: Profile | undefined): void {
  if (before === after) return;
  if (before !== undefined) removeProfile(fleet, before);
  if (after !== undefined) addProfile(fleet, after);
  if (before?.key === after?.key) return;
  for (const demand of fleet.demands.values()) {
    if (before !== undefined && isEligible(before, demand)) demand.able--;
    if (after !== undefined && isEligible(after, demand)) demand.able++;
  }
}

/** The demand with a requirement, shared by one more bucket. O(1), or O(different profiles) for the first bucket. */
export function addDemand(fleet: Fleet, requirement: Requirement): Demand {
  const key = keyOf(requirement);
  let demand = fleet.demands.get(key);
  if (demand === undefined) {
    demand = { requirement, isDemanding: key !== "", able: countAble(fleet, { requirement }), buckets: 0 };
    fleet.demands.set(key, demand);
  }
  demand.buckets++;
  return demand;
}

/** One bucket fewer shares the demand; the last one removes it. */
export function removeDemand(fleet: Fleet, demand: Demand): void {
  if (--demand.buckets === 0) fleet.demands.delete(keyOf(demand.requirement));
}

/** Equal for two equal requirements; empty if any instance meets it. */
export function keyOf({ instance, roles, capabilities, excluded }: Requirement): string {
  const isPlain = instance === undefined && roles.length === 0 && capabilities.length === 0 && excluded.length === 0;
  return isPlain ? "" : JSON.stringify([instance ?? null, roles, capabilities, excluded]);
}

/** Adds the profile of an instance that has become active. */
function addProfile(fleet: Fleet, profile: Profile): void {
  fleet.instances.set(profile.instance, profile);
  const crew = fleet.crews.get(profile.key);
  if (crew === undefined) fleet.crews.set(profile.key, [profile]);
  else crew.push(profile);
}

/** Removes the profile of an active instance: the same object that was added. O(instances with the same profile). */
function removeProfile(fleet: Fleet, profile: Profile): void {
  fleet.instances.delete(profile.instance);
  const crew = fleet.crews.get(profile.key) ?? [];
  crew.splice(crew.indexOf(profile), 1);
  if (crew.length === 0) fleet.crews.delete(profile.key);
}

/** How many active instances meet a requirement. O(different profiles + excluded instances). */
function countAble(fleet: Fleet, { requirement }: Kind): number {
  // The instances of a crew differ in their ids only, so the excluded ones are counted by themselves.
  const kind = { requirement: { ...requirement, excluded: NOBODY } };
  const excluded = requirement.excluded.filter((id) => {
    const profile = fleet.instances.get(id);
    return profile !== undefined && isEligible(profile, kind);
  });
  return countWithExcluded(fleet, kind) - excluded.length;
}

/** The same for a requirement that excludes nobody. O(different profiles), O(1) for no requirement or a reservation. */
function countWithExcluded(fleet: Fleet, kind: Kind): number {
  const { instance, roles, capabilities } = kind.requirement;
  if (instance !== undefined) return fleet.instances.has(instance) ? 1 : 0;
  if (roles.length === 0 && capabilities.length === 0) return fleet.instances.size;
  let count = 0;
  for (const crew of fleet.crews.values()) {
    const first = crew[0];
    if (first !== undefined && isEligible(first, kind)) count += crew.length;
  }
  return count;
}

const NOBODY: readonly string[] = [];
