/**
 * Who may do what: what a task asks of an instance, and what an instance offers.
 */

import type { Instance, Task } from "./model.ts";

/** What an instance must be to claim a task. */
export interface Requirement {
  /** It is reserved for this instance; then nothing else is asked. */
  readonly instance?: string;
  readonly roles: readonly string[];
  readonly capabilities: readonly string[];
}

/** What an instance offers. */
export interface Profile {
  readonly instance: string;
  /** Tells roles and capabilities from others. */
  readonly key: string;
  readonly roles: ReadonlySet<string>;
  readonly capabilities: ReadonlySet<string>;
}

/** What most tasks ask: nothing. */
export const NO_REQUIREMENT: Requirement = { roles: [], capabilities: [] };

/** What a task asks, with or without its reservation. */
export function requirementOf(task: Task, isReserved: boolean): Requirement {
  const { role, capabilities = [], assignTo } = task;
  if (isReserved && assignTo?.instance !== undefined) return { ...NO_REQUIREMENT, instance: assignTo.instance };
  const reservedRole = isReserved ? assignTo?.role : undefined;
  if (role === undefined && reservedRole === undefined && capabilities.length === 0) return NO_REQUIREMENT;
  const roles = new Set([role, reservedRole].filter((each) => each !== undefined));
  return { roles: [...roles].sort(), capabilities: [...new Set(capabilities)].sort() };
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
  return { instance, key, roles, capabilities };
}

/** Whether an instance may do what a requirement asks. */
export function isEligible(profile: Profile, { instance, roles, capabilities }: Requirement): boolean {
  if (instance !== undefined) return instance === profile.instance;
  return roles.every((role) => profile.roles.has(role)) &&
    capabilities.every((capability) => profile.capabilities.has(capability));
}

/** What an instance lacks to do what a requirement asks, in words. */
export function missingOf(profile: Profile, { instance, roles, capabilities }: Requirement): readonly string[] {
  if (instance !== undefined) return instance === profile.instance ? [] : [`to be instance ${instance}`];
  return [
    ...roles.filter((role) => !profile.roles.has(role)).map((role) => `role ${role}`),
    ...capabilities.filter((each) => !profile.capabilities.has(each)).map((each) => `capability ${each}`),
  ];
}
