/**
 * Which instances have got the preamble of a group: each gets it once, with its first claim of a task of the group. It gets
 * it again after an attempt that it did not end itself, as it may never have read the answer to its claim.
 */

import { MAX_PREAMBLE_INSTANCES } from "../model/limits.ts";
import type { Group } from "../model/group.ts";
import type { ReadonlyGroupNode } from "./state.ts";

/** The preamble that a claim by an instance must tell; undefined if there is none, or if the instance has it. */
export function untoldPreamble(node: ReadonlyGroupNode | undefined, instance: string): string | undefined {
  const { preamble, preambleTo = [] } = node?.group ?? {};
  return preambleTo.includes(instance) ? undefined : preamble;
}

/** The group after an instance got its preamble. */
export function withToldPreamble(group: Group, instance: string): Group {
  return { ...group, preambleTo: [...group.preambleTo ?? [], instance].slice(-MAX_PREAMBLE_INSTANCES) };
}

/** The group after an attempt of an instance ended without its word. */
export function withoutToldPreamble(group: Group, instance: string): Group {
  const { preambleTo, ...rest } = group;
  if (preambleTo?.includes(instance) !== true) return group;
  const left = preambleTo.filter((id) => id !== instance);
  return { ...rest, ...(left.length > 0 && { preambleTo: left }) };
}

/** The changed group: a new preamble is told to all instances again. */
export function withNewPreamble(group: Group, before: Group): Group {
  if (group.preamble === before.preamble) return group;
  const { preambleTo: _, ...rest } = group;
  return rest;
}
