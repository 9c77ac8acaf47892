/**
 * The active instances, by what they offer, and what the ready tasks ask of them: how many instances may claim tasks of
 * each kind. Instances that offer the same are counted together, and so are tasks that ask the same.
 */

import { isEligible, type Kind, type Profile, type Requirement } from "./eligibility.ts";

export interface Fleet {
  /** The ids of the active instances. */
  readonly instances: Set<string>;
  /** What they offer, by the key of the profile: one profile for each of them. */
  readonly crews: Map<string, Profile[]>;
  /** What ready tasks ask, by `keyOf` the requirement. */
  readonly demands: Map<string, Demand>;
}

/** What the ready tasks of some buckets ask of an instance. */
export interface Demand extends Kind {
  /** Whether not everybody may claim them. */
  readonly isDemanding: boolean;
  /** How many active instances may claim them. */
  able: number;
  /** How many buckets share it. */
  buckets: number;
}

export function emptyFleet(): Fleet {
  return { instances: new Set(), crews: new Map(), demands: new Map() };
}

/**
 * Puts what an active instance offers in the place of what it offered before; undefined while it is not active.
 * O(different requirements + instances with the same profile).
 */
export function changeFleet(fleet: Fleet, before: Profile | undefined, after: Profile | undefined): void {
  if (before === after) return;
  if (before !== undefined) discharge(fleet, before);
  if (after !== undefined) enlist(fleet, after);
  if (before?.key === after?.key) return;
  for (const demand of fleet.demands.values()) {
    if (before !== undefined && isEligible(before, demand)) demand.able--;
    if (after !== undefined && isEligible(after, demand)) demand.able++;
  }
}

/** The demand that one more bucket shares. O(1), or O(different profiles) if it is the first one. */
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

/** Ends the share of one bucket. */
export function removeDemand(fleet: Fleet, demand: Demand): void {
  if (--demand.buckets === 0) fleet.demands.delete(keyOf(demand.requirement));
}

/** Tells requirements apart; empty where nothing is asked. */
export function keyOf({ instance, roles, capabilities }: Requirement): string {
  const isPlain = instance === undefined && roles.length === 0 && capabilities.length === 0;
  return isPlain ? "" : JSON.stringify([instance ?? null, roles, capabilities]);
}

/** Adds an instance that is not among the active ones. */
function enlist(fleet: Fleet, profile: Profile): void {
  fleet.instances.add(profile.instance);
  const crew = fleet.crews.get(profile.key);
  if (crew === undefined) fleet.crews.set(profile.key, [profile]);
  else crew.push(profile);
}

/** Removes an active instance, with the profile that it was added with. O(instances with the same profile). */
function discharge(fleet: Fleet, profile: Profile): void {
  fleet.instances.delete(profile.instance);
  const crew = fleet.crews.get(profile.key) ?? [];
  crew.splice(crew.indexOf(profile), 1);
  if (crew.length === 0) fleet.crews.delete(profile.key);
}

/** How many active instances may claim tasks of a kind. O(different profiles), O(1) where nothing is asked. */
function countAble(fleet: Fleet, kind: Kind): number {
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
