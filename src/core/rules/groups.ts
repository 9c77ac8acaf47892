/**
 * The rules for groups.
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
import { waysToDetach } from "./tasks.ts";

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
    // The keys of the settings are those of a group's.
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
    const named = new Set<ReadonlyTaskNode>([
      ...node.members,
      ...Array.from(conditionsOn(node), (condition) => condition.root),
    ]);
    if (named.size > 0) {
      const nodes = inOrderOfCreation(named);
      const ids = nodes.map(({ task }) => task.id);
      const ways = nodes.slice(0, MAX_NAMED).flatMap((each) => {
        return waysToDetach(each, node.members.has(each) ? "group" : "dependencies");
      });
      throw refuse(
        "has_dependents",
        `Cannot delete group ${id} as tasks are in it or depend on it: ${nameSome(ids)}`,
        { remedies: eachOnce(ways), data: { group: id, dependents: ids.slice(0, MAX_NAMED), count: ids.length } },
      );
    }
    return { events: [{ type: "group.deleted", group: id }], answer: () => ({ deleted: id }) };
  },
};

/**
 * Refuses a group that cannot be created.
 *
 * @param instead what can be done with one that is there
 */
export function checkNewGroup(
  state: ReadonlyState,
  id: string,
  settings: GroupSettings,
  instead: readonly Remedy[] = [],
): void {
  checkNewId(id, "Group id", state.groups);
  checkGroupSettings(settings, id);
  if (state.groups.has(id)) {
    throw refuse("already_exists", `Group ${id} already exists: choose another id`, {
      remedies: instead,
      data: { group: id },
    });
  }
  checkRoomForGroups(state, 1);
}

/** Refuses more groups than there may be. */
export function checkRoomForGroups({ groups }: ReadonlyState, count: number): void {
  if (groups.size + count <= MAX_GROUPS) return;
  throw new Refusal("limit_exceeded", `Cannot create more than ${MAX_GROUPS} groups`, { limit: MAX_GROUPS });
}
