/**
 * Decides which instances may claim a task: compares the task's requirement with the instance's profile.
 */

import type { Instance } from "../model/instance.ts";
import type { Authorship } from "../model/remedies.ts";
import type { Task } from "../model/task.ts";

/** What an instance needs to claim a task. */
export interface Requirement {
  /** The instance for which the task is reserved; then roles and capabilities are empty. */
  readonly instance?: string;
  readonly roles: readonly string[];
  readonly capabilities: readonly string[];
  /** The instances that may not claim it, sorted: the authors and holders of the tasks in `notBy`. */
  readonly excluded: readonly string[];
  /** See `signatureOf`. */
  readonly signature: number;
}

/** Anything with a requirement, such as a bucket of tasks that the same instances may claim. */
export interface Kind {
  readonly requirement: Requirement;
}

/** The roles and capabilities that an instance offers. */
export interface Profile {
  readonly instance: string;
  /** Equal for two profiles with the same roles and capabilities. */
  readonly key: string;
  readonly roles: ReadonlySet<string>;
  readonly capabilities: ReadonlySet<string>;
  readonly signature: number;
}

/** The requirement of most tasks: every instance may claim them. */
export const NO_REQUIREMENT: Requirement = { roles: [], capabilities: [], excluded: [], signature: 0 };

/** The requirement of a task, with its reservation while it `isReserved`, without the `excluded` instances. */
export function requirementOf(
  { role, capabilities = [], assignTo }: Task,
  { isReserved, excluded }: { readonly isReserved: boolean; readonly excluded: readonly string[] },
): Requirement {
  if (isReserved && assignTo?.instance !== undefined) {
    return { ...NO_REQUIREMENT, instance: assignTo.instance, excluded };
  }
  const reservedRole = isReserved ? assignTo?.role : undefined;
  if (role === undefined && reservedRole === undefined && capabilities.length === 0) {
    return excluded.length === 0 ? NO_REQUIREMENT : { ...NO_REQUIREMENT, excluded };
  }
  const roles = [...new Set([role, reservedRole].filter((each) => each !== undefined))].sort();
  const names = [...new Set(capabilities)].sort();
  return { roles, capabilities: names, excluded, signature: signatureOf(roles, names) };
}

/** The profile of an instance. Roles or capabilities given with a call override the registered ones. */
export function profileOf(
  instance: string,
  registered: Instance | undefined,
  overrides: { readonly roles?: readonly string[]; readonly capabilities?: readonly string[] } = {},
): Profile {
  const roles = new Set(overrides.roles ?? registered?.roles);
  const capabilities = new Set(overrides.capabilities ?? registered?.capabilities);
  const isPlain = roles.size === 0 && capabilities.size === 0;
  const key = isPlain ? "" : JSON.stringify([[...roles].sort(), [...capabilities].sort()]);
  return { instance, key, roles, capabilities, signature: signatureOf(roles, capabilities) };
}

/** One profile with the roles and capabilities of all. If it does not meet a requirement, none of `profiles` does. */
export function unionOf(profiles: readonly Profile[]): Profile {
  return {
    instance: "",
    key: "",
    roles: new Set(profiles.flatMap(({ roles }) => [...roles])),
    capabilities: new Set(profiles.flatMap(({ capabilities }) => [...capabilities])),
    signature: profiles.reduce((bits, { signature }) => bits | signature, 0),
  };
}

/** Whether an instance meets a requirement. This is the only such rule; locks and limits of groups are not considered. */
export function isEligible(profile: Profile, { requirement }: Kind): boolean {
  // A missing bit proves that the profile lacks a name, so most comparisons need no look-up.
  if ((requirement.signature & ~profile.signature) !== 0) return false;
  const { instance, roles, capabilities, excluded } = requirement;
  if (excluded.length > 0 && excluded.includes(profile.instance)) return false;
  if (instance !== undefined) return instance === profile.instance;
  for (const role of roles) if (!profile.roles.has(role)) return false;
  for (const capability of capabilities) if (!profile.capabilities.has(capability)) return false;
  return true;
}

/** The parts of a requirement that an instance does not meet, in words; without those about authors. */
export function missingOf(
  profile: Profile,
  { requirement: { instance, roles, capabilities } }: Kind,
): readonly string[] {
  if (instance !== undefined) return instance === profile.instance ? [] : [`instance id ${instance}`];
  return [
    ...roles.filter((role) => !profile.roles.has(role)).map((role) => `role ${role}`),
    ...capabilities.filter((each) => !profile.capabilities.has(each)).map((each) => `capability ${each}`),
  ];
}

/** What an instance lacks that completed or holds a task in `notBy`, in words. */
export function notAuthorOf({ task, as }: Authorship): string {
  return `an id that is not the ${as} of ${task}`;
}

/**
 * A 32-bit Bloom filter of names, hashed by FNV-1a. If a requirement has a bit that a profile does not have, the profile
 * lacks a name; equal bits prove nothing (Bloom, "Space/time trade-offs in hash coding", 1970).
 */
function signatureOf(roles: Iterable<string>, capabilities: Iterable<string>): number {
  let signature = 0;
  for (const role of roles) signature |= 1 << hashOf(`role ${role}`);
  for (const capability of capabilities) signature |= 1 << hashOf(capability);
  return signature;
}

function hashOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < name.length; index++) hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193);
  return (hash ^ (hash >>> 16)) & 31;
}
