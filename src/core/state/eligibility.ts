/**
 * Who may do what: what a task asks of an instance, and what an instance offers.
 */

import type { Instance } from "../model/instance.ts";
import type { Task } from "../model/task.ts";

/** What an instance must be to claim a task. */
export interface Requirement {
  /** It is reserved for this instance; then nothing else is asked. */
  readonly instance?: string;
  readonly roles: readonly string[];
  readonly capabilities: readonly string[];
  /** See `signatureOf`. */
  readonly signature: number;
}

/** What tasks that the same instances may claim have in common. */
export interface Kind {
  readonly requirement: Requirement;
}

/** What an instance offers. */
export interface Profile {
  readonly instance: string;
  /** Tells roles and capabilities from others. */
  readonly key: string;
  readonly roles: ReadonlySet<string>;
  readonly capabilities: ReadonlySet<string>;
  readonly signature: number;
}

/** What most tasks ask: nothing. */
export const NO_REQUIREMENT: Requirement = { roles: [], capabilities: [], signature: 0 };

/** What a task asks, with or without its reservation. */
export function requirementOf(task: Task, isReserved: boolean): Requirement {
  const { role, capabilities = [], assignTo } = task;
  if (isReserved && assignTo?.instance !== undefined) return { ...NO_REQUIREMENT, instance: assignTo.instance };
  const reservedRole = isReserved ? assignTo?.role : undefined;
  if (role === undefined && reservedRole === undefined && capabilities.length === 0) return NO_REQUIREMENT;
  const roles = [...new Set([role, reservedRole].filter((each) => each !== undefined))].sort();
  const names = [...new Set(capabilities)].sort();
  return { roles, capabilities: names, signature: signatureOf(roles, names) };
}

/** What an instance offers: what it says with a call, or else what it registered. */
export function profileOf(
  instance: string,
  registered: Instance | undefined,
  said: { readonly roles?: readonly string[]; readonly capabilities?: readonly string[] } = {},
): Profile {
  const roles = new Set(said.roles ?? registered?.roles);
  const capabilities = new Set(said.capabilities ?? registered?.capabilities);
  const isPlain = roles.size === 0 && capabilities.size === 0;
  const key = isPlain ? "" : JSON.stringify([[...roles].sort(), [...capabilities].sort()]);
  return { instance, key, roles, capabilities, signature: signatureOf(roles, capabilities) };
}

/** What several instances offer together, as if it were one: who lacks something of it may still lack what a task asks. */
export function unionOf(profiles: readonly Profile[]): Profile {
  return {
    instance: "",
    key: "",
    roles: new Set(profiles.flatMap(({ roles }) => [...roles])),
    capabilities: new Set(profiles.flatMap(({ capabilities }) => [...capabilities])),
    signature: profiles.reduce((bits, { signature }) => bits | signature, 0),
  };
}

/** Whether an instance may claim tasks of a kind: the one rule for it. Whether they may run now is not asked here. */
export function isEligible(profile: Profile, { requirement }: Kind): boolean {
  // It lacks something for sure: so most kinds cost no look-up at all.
  if ((requirement.signature & ~profile.signature) !== 0) return false;
  const { instance, roles, capabilities } = requirement;
  if (instance !== undefined) return instance === profile.instance;
  for (const role of roles) if (!profile.roles.has(role)) return false;
  for (const capability of capabilities) if (!profile.capabilities.has(capability)) return false;
  return true;
}

/** What an instance lacks to claim tasks of a kind, in words. */
export function missingOf(
  profile: Profile,
  { requirement: { instance, roles, capabilities } }: Kind,
): readonly string[] {
  if (instance !== undefined) return instance === profile.instance ? [] : [`to be instance ${instance}`];
  return [
    ...roles.filter((role) => !profile.roles.has(role)).map((role) => `role ${role}`),
    ...capabilities.filter((each) => !profile.capabilities.has(each)).map((each) => `capability ${each}`),
  ];
}

/**
 * A bit for each name, of the 32 of a number, found by its hash (FNV-1a). Where a requirement has a bit that a profile
 * has not, the profile lacks a name; the reverse says nothing (Bloom, "Space/time trade-offs in hash coding", 1970).
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
