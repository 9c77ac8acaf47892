/**
 * The rules for creating, changing and deleting groups.
 */

import type { KnownCaller } from "../model/access.ts";
import type { Audience } from "../model/audience.ts";
import { checkAll, checkEach } from "../model/faults.ts";
import type { GroupSettings } from "../model/group.ts";
import { MAX_GROUPS, MAX_NAMED } from "../model/limits.ts";
import { Refusal, refuse } from "../model/refusal.ts";
import { eachOnce, type Remedy } from "../model/remedies.ts";
import { checkInPath, checkNewId } from "../model/values.ts";
import { conditionsOn } from "../state/conditions.ts";
import { findGroup, inOrderOfCreation } from "../state/lookup.ts";
import { seen, wholeOf } from "../state/sight.ts";
import type { ReadonlyGroupNode, ReadonlyState, ReadonlyTaskNode } from "../state/state.ts";
import { groupViewOf } from "../views/groups.ts";
import {
  type Audiences,
  audiencesIn,
  checkAudienceGiven,
  checkDependentsOf,
  checkDependentsOfGroup,
  checkNotWider,
  checkReferences,
  namedTo,
} from "./checks/audience.ts";
import { checkGroupSettings, checkVisibleTo } from "./checks/settings.ts";
import type { Deciders } from "./decision.ts";
import { remediesToDetach } from "./removal.ts";
import { isSame } from "./tasks.ts";

export const groupDeciders: Deciders<"create_group" | "update_group" | "delete_group"> = {
  create_group(state, { id, settings: given }, { caller }) {
    checkAll(
      () => checkInPath(id, "Group id"),
      () => checkNewGroup(state, id, given, { caller, remedies: [{ type: "update_group", group: id, change: "any" }] }),
    );
    const settings = settingsOfNew(caller, given);
    return {
      events: [{ type: "group.created", group: { id, ...settings } }],
      answer: (after) => groupViewOf(findGroup(after, id)),
    };
  },

  update_group(state, { id, settings: given }, { caller }) {
    const node = findGroup(state, id);
    const { group } = node;
    const { visibleTo } = given;
    const settings = visibleTo == null ? given : { ...given, visibleTo: sorted(visibleTo) };
    checkAll(
      () => checkGroupSettings(given, id),
      () => {
        checkVisibleTo(visibleTo, id);
        if (settings.visibleTo === undefined || isSame(settings.visibleTo, group.visibleTo ?? null)) return;
        checkNewAudience(state, node, { caller, audience: settings.visibleTo ?? undefined });
      },
    );
    // Settings have the keys of group settings only.
    const isChanged = Object.entries(settings).some(([key, value]) => {
      return value !== undefined && !isSame(value, group[key as keyof GroupSettings] ?? null);
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
      const nodes = inOrderOfCreation(seen(state, dependents));
      const { ids, named } = namedTo(state, [...dependents]);
      const remedies = nodes.slice(0, MAX_NAMED).flatMap((each) => {
        return remediesToDetach(state, each, node.members.has(each) ? "group" : "dependencies");
      });
      throw refuse(
        "has_dependents",
        `Cannot delete group ${id} as tasks are in it or depend on it: ${named}`,
        { remedies: eachOnce(remedies), data: { group: id, dependents: ids.slice(0, MAX_NAMED), count: ids.length } },
      );
    }
    return { events: [{ type: "group.deleted", group: id }], answer: () => ({ deleted: id }) };
  },
};

/** The settings of a group that a caller makes, with its audience: that of the caller if none is given. */
export function settingsOfNew(caller: KnownCaller, settings: GroupSettings): GroupSettings {
  const visibleTo = settings.visibleTo ?? caller.audiences;
  return visibleTo === undefined ? settings : { ...settings, visibleTo: sorted(visibleTo) };
}

/** Refuses a change of who sees a group and its tasks. */
function checkNewAudience(
  state: ReadonlyState,
  node: ReadonlyGroupNode,
  { caller, audience }: { readonly caller: KnownCaller; readonly audience: Audience },
): void {
  const { group: { id, visibleTo }, members } = node;
  const present = audiencesIn(state);
  const audiences: Audiences = {
    ofGroup: (other) => other === id ? audience : present.ofGroup(other),
    ofTask: (task) => state.tasks.get(task)?.task.group === id ? audience : present.ofTask(task),
  };
  checkAll(
    () => {
      checkNotWider(caller, `group ${id}`, { from: visibleTo, to: audience });
      checkAudienceGiven(caller, id, audience);
    },
    () => checkEach(members, ({ task }) => checkReferences(task, audiences, state)),
    () => checkDependentsOf(state, members, audiences),
    () => checkDependentsOfGroup(state, node, audiences),
  );
}

function sorted(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort();
}

export interface NewGroupOptions {
  /** Who makes the group, and may show it to its own audiences only; absent if it may be anybody's. */
  readonly caller?: KnownCaller;
  /** What would work if the group exists. */
  readonly remedies?: readonly Remedy[];
}

/** Refuses a group that cannot be created. */
export function checkNewGroup(
  state: ReadonlyState,
  id: string,
  settings: GroupSettings,
  { caller, remedies = [] }: NewGroupOptions = {},
): void {
  const { groups } = wholeOf(state);
  checkAll(
    () => checkNewId(id, "Group id", groups),
    () => checkGroupSettings(settings, id),
    () => {
      checkVisibleTo(settings.visibleTo, id);
      if (caller !== undefined) checkAudienceGiven(caller, id, settings.visibleTo);
    },
    () => {
      if (!groups.has(id)) return;
      throw refuse("already_exists", `Group ${id} already exists: choose another id`, {
        remedies: state.groups.has(id) ? remedies : [],
        data: { group: id },
      });
    },
    () => checkRoomForGroups(state, 1),
  );
}

/** Refuses `count` more groups if that would be more than `MAX_GROUPS`. */
export function checkRoomForGroups(state: ReadonlyState, count: number): void {
  if (wholeOf(state).groups.size + count <= MAX_GROUPS) return;
  throw new Refusal("limit_exceeded", `Cannot create more than ${MAX_GROUPS} groups: delete some first`, {
    limit: MAX_GROUPS,
  });
}
