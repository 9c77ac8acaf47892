/**
 * The active instances, by what they offer: how many of them may claim tasks of a kind. Instances that offer the same
 * are counted together, as there are few kinds of instances, however many there are.
 */

import { isEligible, type Kind, type Profile } from "./eligibility.ts";

export interface Fleet {
  /** The ids of the active instances. */
  readonly instances: Set<string>;
  /** What they offer, by the key of the profile: one profile for each of them. */
  readonly crews: Map<string, Profile[]>;
}

export function emptyFleet(): Fleet {
  return { instances: new Set(), crews: new Map() };
}

/** Adds an instance that is not among the active ones. */
export function enlist(fleet: Fleet, profile: Profile): void {
  fleet.instances.add(profile.instance);
  const crew = fleet.crews.get(profile.key);
  if (crew === undefined) fleet.crews.set(profile.key, [profile]);
  else crew.push(profile);
}

/** Removes an active instance, with the profile that it was added with. O(instances with the same profile). */
export function discharge(fleet: Fleet, profile: Profile): void {
  fleet.instances.delete(profile.instance);
  const crew = fleet.crews.get(profile.key) ?? [];
  crew.splice(crew.indexOf(profile), 1);
  if (crew.length === 0) fleet.crews.delete(profile.key);
}

/** How many active instances may claim tasks of a kind. O(different profiles), O(1) where nothing is asked. */
export function countAble(fleet: Fleet, kind: Kind): number {
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
