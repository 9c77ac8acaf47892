/**
 * The rules for creating, changing and deleting groups.
 */

import type { GroupSettings } from "../model/group.ts";
import { MAX_GROUPS, MAX_NAMED } from "../model/limits.ts";
import { Refusal, refuse } from "../model/refusal.ts";
import { eachOnce, type Remedy } from "../model/remedies.ts";
import { nameSome } from "../model/text.ts";
import { checkNewId } from "../model/values.ts";
import { conditionsOn } from "../state/conditions.ts";
import { findGroup, inOrderOfCreation } from "../state/lookup.ts";
import type { ReadonlyState, ReadonlyTaskNode } from "../state/state.ts";
import { groupViewOf } from "../views/groups.ts";
import { checkGroupSettings } from "./checks/settings.ts";
import type { Deciders } from "./decision.ts";
import { remediesToDetach } from "./tasks.ts";

export const groupDeciders: Deciders<"create_group" | "update_group" | "delete_group"> = {
  create_group(state, { id, settings }) {
    checkNewGroup(state, id, settings, [{ type: "update_group", group: id, change: "any" }]);
    return {
      events: [{ type: "group.created", group: { id, ...settings } }],
      answer: (after) => groupViewOf(findGroup(after, id)),
    };
  },

  update_group(state, { id, settings }) {
    const { group } = findGroup(state, id);
    checkGroupSettings(settings, id);
    // Settings have the keys of group settings only.
    const isChanged = Object.entries(settings).some(([key, value]) => {
      return value !== undefined && value !== (group[key as keyof GroupSettings] ?? null);
    });
    return {
      events: isChanged ? [{ type: "group.updated", group: id, settings }] : [],
      answer: (after) => groupViewOf(findGroup(after, id)),
    };
  },

  delete_group(state, { id }) {
    const node = findGroup(state, id);
    const dependents = new Set<ReadonlyTaskNode>([
      ...node.members,
      ...Array.from(conditionsOn(node), (condition) => condition.root),
    ]);
    if (dependents.size > 0) {
      const nodes = inOrderOfCreation(dependents);
      const ids = nodes.map(({ task }) => task.id);
      const remedies = nodes.slice(0, MAX_NAMED).flatMap((each) => {
        return remediesToDetach(state, each, node.members.has(each) ? "group" : "dependencies");
      });
      throw refuse(
        "has_dependents",
        `Cannot delete group ${id} as tasks are in it or depend on it: ${nameSome(ids)}`,
        { remedies: eachOnce(remedies), data: { group: id, dependents: ids.slice(0, MAX_NAMED), count: ids.length } },
      );
    }
    return { events: [{ type: "group.deleted", group: id }], answer: () => ({ deleted: id }) };
  },
};

/**
 * Refuses a group that cannot be created.
 *
 * @param remedies what would work if the group exists
 */
export function checkNewGroup(
  state: ReadonlyState,
  id: string,
  settings: GroupSettings,
  remedies: readonly Remedy[] = [],
): void {
  checkNewId(id, "Group id", state.groups);
  checkGroupSettings(settings, id);
  if (state.groups.has(id)) {
    throw refuse("already_exists", `Group ${id} already exists: choose another id`, {
      remedies,
      data: { group: id },
    });
  }
  checkRoomForGroups(state, 1);
}

/** Refuses `count` more groups if that would be more than `MAX_GROUPS`. */
export function checkRoomForGroups({ groups }: ReadonlyState, count: number): void {
  if (groups.size + count <= MAX_GROUPS) return;
  throw new Refusal("limit_exceeded", `Cannot create more than ${MAX_GROUPS} groups: delete some first`, {
    limit: MAX_GROUPS,
  });
}
