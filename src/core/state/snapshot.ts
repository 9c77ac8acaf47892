/**
 * Snapshots: the data of a checkpoint, from which the state can be restored.
 */

import type { Group } from "../model/group.ts";
import type { Instance } from "../model/instance.ts";
import type { CancelledTasks } from "../model/news.ts";
import type { ProjectPause } from "../model/project.ts";
import type { PastRequest } from "../model/request.ts";
import type { Task } from "../model/task.ts";
import type { Template } from "../model/template.ts";
import type { Token } from "../model/token.ts";
import type { Webhook } from "../model/webhook.ts";
import { restoreUnannounced, unannouncedIds } from "./announcements.ts";
import { addInstance } from "./evolve_instances.ts";
import { restoreCancelled } from "./news.ts";
import type { PastAudience } from "./past_audiences.ts";
import { restoreRequests } from "./requests.ts";
import { restoredStatistics, type SavedStatistics, savedStatistics } from "./statistics.ts";
import { addGroup, emptyState, type ReadonlyState, type State } from "./state.ts";
import { connectTasks } from "./task_index.ts";
import { addToken } from "./tokens.ts";

/**
 * The version of snapshots. A change of what `evolve` derives raises it, also if the fields stay the same: a snapshot of a
 * version that is not in `READABLE_SNAPSHOTS` is not used, and the state is derived from the journal.
 */
export const SNAPSHOT_VERSION = 5;

/** The versions whose snapshots are equal to what `evolve` derives now. */
export const READABLE_SNAPSHOTS: readonly number[] = [SNAPSHOT_VERSION];

export interface Snapshot {
  /** In the order of creation. */
  readonly tasks: readonly Task[];
  readonly groups: readonly Group[];
  readonly instances: readonly Instance[];
  readonly templates: readonly SavedTemplate[];
  /** In the order in which they were issued. */
  readonly tokens: readonly Token[];
  /** In the order in which they were added. */
  readonly webhooks: readonly Webhook[];
  /** The oldest first. */
  readonly requests: readonly PastRequest[];
  readonly removed: {
    /** Each removed id with its last attempt, the one removed last at the end. */
    readonly attempts: readonly (readonly [id: string, attempt: number])[];
    /** The highest attempt of any other removed id. */
    readonly floor: number;
  };
  readonly pastAudiences: {
    /** The earlier audiences of each group, the first one first; the group that changed last at the end. */
    readonly groups: readonly (readonly [id: string, audiences: readonly PastAudience[]])[];
    /** Up to the record of this `seq`, those of other groups are not known. */
    readonly floor: number;
  };
  /** Last the instance with the newest. */
  readonly cancelled: readonly CancelledTasks[];
  /** The ids of ready tasks that are to be announced. */
  readonly unannounced: readonly string[];
  /** Whether any task was ever archived. */
  readonly hasArchive: boolean;
  /** Absent unless the project is paused. */
  readonly pause?: ProjectPause;
  /** What was done, by group: those of the tasks without one first, if there are any. */
  readonly statistics: readonly SavedStatistics[];
  readonly nextOrder: number;
  /** The `seq` of the last record. */
  readonly seq: number;
  /** The latest time of a record, in milliseconds since the Unix epoch. */
  readonly recordedAt: number;
}

/** A template with all its versions, the first one first. */
export interface SavedTemplate {
  readonly name: string;
  readonly versions: readonly Template[];
  readonly isArchived: boolean;
}

/** A snapshot that later events do not touch. O(tasks), without copying them. */
export function snapshotOf(state: ReadonlyState): Snapshot {
  return {
    tasks: Array.from(state.tasks.values(), (node) => node.task),
    groups: Array.from(state.groups.values(), (node) => node.group),
    instances: Array.from(state.instances.values(), (node) => node.instance),
    templates: Array.from(state.templates, ([name, { versions, isArchived }]) => {
      return { name, versions: [...versions], isArchived };
    }),
    tokens: Array.from(state.tokens.values()),
    webhooks: Array.from(state.webhooks.values()),
    requests: Array.from(state.requests.values()),
    removed: { attempts: [...state.removed.last], floor: state.removed.floor },
    pastAudiences: { groups: [...state.pastAudiences.groups], floor: state.pastAudiences.floor },
    cancelled: Array.from(state.cancelled.values()),
    unannounced: unannouncedIds(state),
    hasArchive: state.hasArchive,
    ...(state.pause !== undefined && { pause: state.pause }),
    statistics: allStatistics(state),
    nextOrder: state.nextOrder,
    seq: state.seq,
    recordedAt: state.recordedAt,
  };
}

/** The state that a snapshot was taken of, with all indexes. */
export function restore(snapshot: Snapshot, epoch = 0): State {
  const state = emptyState(epoch);
  state.seq = snapshot.seq;
  state.recordedAt = snapshot.recordedAt;
  state.now = snapshot.recordedAt;
  for (const group of snapshot.groups) addGroup(state, group);
  for (const { name, versions, isArchived } of snapshot.templates) {
    state.templates.set(name, { versions: [...versions], isArchived });
  }
  for (const instance of snapshot.instances) addInstance(state, instance);
  for (const { createdAt, ...token } of snapshot.tokens) addToken(state, token, createdAt);
  for (const webhook of snapshot.webhooks) state.webhooks.set(webhook.name, webhook);
  restoreRequests(state, snapshot.requests);
  connectTasks(state, snapshot.tasks);
  restoreUnannounced(state, snapshot.unannounced);
  restoreCancelled(state, snapshot.cancelled);
  addDrained(state);
  for (const [id, attempt] of snapshot.removed.attempts) state.removed.last.set(id, attempt);
  state.removed.floor = snapshot.removed.floor;
  for (const [id, audiences] of snapshot.pastAudiences.groups) state.pastAudiences.groups.set(id, audiences);
  state.pastAudiences.floor = snapshot.pastAudiences.floor;
  state.hasArchive = snapshot.hasArchive;
  state.pause = snapshot.pause;
  restoreStatistics(state, snapshot.statistics);
  state.nextOrder = snapshot.nextOrder;
  return state;
}

/** Finds the draining instances without tasks: the last record had no room for their leaving. */
function addDrained(state: State): void {
  for (const node of state.instances.values()) {
    if (node.instance.status === "draining" && !state.held.has(node.instance.id)) state.drained.add(node);
  }
}

function allStatistics({ statistics, groups }: ReadonlyState): readonly SavedStatistics[] {
  const all = statistics === undefined ? [] : [savedStatistics(statistics)];
  for (const { group, statistics } of groups.values()) {
    if (statistics !== undefined) all.push(savedStatistics(statistics, group.id));
  }
  return all;
}

function restoreStatistics(state: State, all: readonly SavedStatistics[]): void {
  for (const saved of all) {
    const measured = saved.group === undefined ? state : state.groups.get(saved.group);
    if (measured !== undefined) measured.statistics = restoredStatistics(saved);
  }
}
