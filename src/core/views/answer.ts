/**
 * The one way to read the state from outside the core: answers every query, for a caller. Pure and synchronous.
 */

import { accessOfQuery } from "../messages/access.ts";
import type { Context } from "../messages/commands.ts";
import { isSelected } from "../messages/history.ts";
import { notificationsOf } from "../messages/notifications.ts";
import type { QueryOf, QueryType, ResultOf } from "../messages/queries.ts";
import { normalize } from "../model/dependency.ts";
import { authorize } from "../model/access.ts";
import { findGroup, findTask } from "../state/lookup.ts";
import { firstAnswerable } from "../state/next_claim.ts";
import type { ReadonlyState } from "../state/state.ts";
import { heartbeatDueAt, isSweepDue, needsHeartbeat, nextChangeAt } from "../state/timers.ts";
import { groupVersionOf, taskVersionOf } from "../state/version.ts";
import { findTemplate, isArchived, listTemplates } from "../templates/catalog.ts";
import { clockWarning } from "./clock_warning.ts";
import { explain } from "./explain.ts";
import { groupViewOf } from "./groups.ts";
import { listInstances } from "./instance_list.ts";
import { drawGraph } from "./mermaid.ts";
import { searchTasks } from "./search.ts";
import { keptOf, watchSessions } from "./sessions.ts";
import { completeIds, listTasks, summarize, viewOf } from "./tasks.ts";

/**
 * Answers a query.
 *
 * @throws Refusal if what it names does not exist, or the caller may not see it
 */
export function answer<K extends QueryType>(
  state: ReadonlyState,
  query: QueryOf<K>,
  context: Context,
): ResultOf<K> {
  authorize(context.caller, query.type, accessOfQuery(query));
  return answerers[query.type](state, query, context);
}

const answerers: {
  readonly [K in QueryType]: (state: ReadonlyState, query: QueryOf<K>, context: Context) => ResultOf<K>;
} = {
  get_task(state, { id }) {
    const node = findTask(state, id);
    return { ...viewOf(node), ...keptOf(node.task) };
  },
  list_tasks: (state, options) => listTasks(state, options),
  search_tasks: (state, options) => searchTasks(state, options),
  count_tasks: (state, { filter }) => summarize(state, filter),
  explain_task: (state, { id }) => explain(state, id),
  find: (state, { tasks, groups }) => ({
    tasks: versionsOf(tasks, (id) => state.tasks.get(id), (node) => taskVersionOf(state, node)),
    groups: versionsOf(groups, (id) => state.groups.get(id), (node) => groupVersionOf(state, node)),
  }),
  get_group: (state, { id }) => groupViewOf(findGroup(state, id)),
  list_groups: (state, { skip, limit }) => ({
    groups: Array.from(state.groups.values()).slice(skip, skip + limit).map(groupViewOf),
    total: state.groups.size,
  }),
  list_instances: (state, options) => listInstances(state, options),
  list_templates: (state) => listTemplates(state),
  get_template: (state, { name, version }) => ({
    template: findTemplate(state, name, version),
    isArchived: isArchived(state, name),
  }),
  draw_graph: (state) => drawGraph(state),
  complete_id: (state, { kind, prefix, limit }) =>
    completeIds((kind === "task" ? state.tasks : state.groups).keys(), prefix, limit),
  export_tasks: (state) => ({ tasks: Array.from(state.tasks.values(), ({ task }) => task) }),
  next_order: (state) => state.nextOrder,
  missing_tasks: (state, { tasks }) =>
    tasks.filter(({ id, description, dependencies }) => {
      const there = state.tasks.get(id)?.task;
      return there?.description !== description ||
        JSON.stringify(there.dependencies) !== JSON.stringify(normalize(dependencies));
    }),
  select_notifications: (state, { records, filter, source }) => {
    // For records that do not tell it: the present group is the best guess.
    const groupOf = (id: string) => state.tasks.get(id)?.task.group;
    return records.flatMap((record) => {
      return notificationsOf(record, { source, groupOf }).filter((each) => isSelected(each, filter));
    });
  },
  next_event(state, _, { clock }) {
    const sweepAt = nextChangeAt(state);
    const warning = clockWarning({ now: state.recordedAt, clock });
    return {
      isSweepDue: isSweepDue(state, clock),
      ...(sweepAt !== undefined && { sweepInMs: Math.max(0, sweepAt - clock) }),
      ...(warning !== undefined && { clockWarning: warning }),
    };
  },
  watch_sessions: (state, options) => watchSessions(state, options),
  look_for_claims(state, { claims }, { clock }) {
    const answered = firstAnswerable(state, claims);
    const changeAt = nextChangeAt(state);
    let heartbeatAt = Infinity;
    for (const claim of claims) heartbeatAt = Math.min(heartbeatAt, heartbeatDueAt(state, claim) ?? Infinity);
    return {
      ...(answered !== undefined && { answered }),
      needHeartbeat: claims.filter((claim) => needsHeartbeat(state, claim, clock)).map(({ instance }) => instance),
      isSweepDue: isSweepDue(state, clock),
      ...(changeAt !== undefined && { nextChangeInMs: Math.max(0, changeAt - clock) }),
      ...(heartbeatAt < Infinity && { heartbeatInMs: Math.max(0, heartbeatAt - clock) }),
    };
  },
};

/** The versions of the nodes that exist, by id. */
function versionsOf<Node>(
  ids: readonly string[],
  find: (id: string) => Node | undefined,
  version: (node: Node) => string,
): ReadonlyMap<string, string> {
  const versions = new Map<string, string>();
  for (const id of ids) {
    const node = find(id);
    if (node !== undefined) versions.set(id, version(node));
  }
  return versions;
}
