/**
 * The one way to read the state from outside the core: answers every query, for a caller. Pure and synchronous.
 */

import { redactionOf } from "./redaction.ts";
import { accessOfCommand, accessOfQuery } from "../messages/access.ts";
import type { Context } from "../messages/commands.ts";
import type { JournalRecord } from "../messages/events.ts";
import { isSelected } from "../messages/history.ts";
import { type Notification, notificationsOf } from "../messages/notifications.ts";
import type { Queries, QueryOf, QueryType, ResultOf, WaitingClaim } from "../messages/queries.ts";
import { type KnownCaller, sessionOf } from "../model/access.ts";
import { findGroup, findTask } from "../state/lookup.ts";
import { firstAnswerable, type SeenClaim } from "../state/next_claim.ts";
import { hiddenIn } from "../state/past_sight.ts";
import { sightOf, wholeOf } from "../state/sight.ts";
import type { ReadonlyState } from "../state/state.ts";
import { type Calling, heartbeatDueAt, isSweepDue, needsHeartbeat, nextChangeAt } from "../state/timers.ts";
import { admit, isAdmitted, knownCaller, tokenViewOf } from "../state/tokens.ts";
import { groupVersionOf, taskVersionOf } from "../state/version.ts";
import { findTemplate, isArchived, listTemplates } from "../templates/catalog.ts";
import { listAttempts } from "./attempt_rows.ts";
import { planOf } from "./analytics/analysis.ts";
import { measure } from "./analytics/metrics.ts";
import { measureTask } from "./analytics/task_metrics.ts";
import { measureTotals } from "./analytics/totals.ts";
import { clockWarning } from "./clock_warning.ts";
import { explain } from "./explain.ts";
import { groupViewOf } from "./groups.ts";
import { listInstances } from "./instance_list.ts";
import { drawGraph } from "./mermaid.ts";
import { listRows } from "./plan_rows.ts";
import { missingOf, portablePlanOf } from "./portable_plan.ts";
import { viewOfProject } from "./project.ts";
import { searchTasks } from "./search.ts";
import { seenNotifications } from "./seen_notifications.ts";
import { keptOf, watchSessions } from "./sessions.ts";
import { completeIds, listTasks, summarize, viewOf } from "./tasks.ts";

/**
 * Answers a query, with what its caller sees: what is hidden is not there.
 *
 * @throws Denied if the caller has no right to it
 * @throws Refusal if what it names does not exist
 */
export function answer<K extends QueryType>(
  state: ReadonlyState,
  query: QueryOf<K>,
  context: Context,
): ResultOf<K> {
  const caller = admit(state, context, { call: query.type, access: accessOfQuery(query) });
  return answerers[query.type](sightOf(state, caller), query, { ...context, caller });
}

/** The context of a query whose caller has the right to it. */
interface AnswerContext extends Context {
  readonly caller: KnownCaller;
}

const answerers: {
  readonly [K in QueryType]: (state: ReadonlyState, query: QueryOf<K>, context: AnswerContext) => ResultOf<K>;
} = {
  get_task(state, { id }) {
    const node = findTask(state, id);
    return { ...viewOf(state, node), ...keptOf(node.task) };
  },
  list_tasks: (state, options, { caller }) => listTasks(state, options, caller),
  search_tasks: (state, options, { caller }) => searchTasks(state, options, caller),
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
  measure: (state, options, { now }) => measure(state, options, now),
  measure_task: (state, { id }, { now }) => measureTask(findTask(state, id).task, now),
  measure_totals: (state, _, { now }) => measureTotals(state, now),
  get_plan: (state, _, { now }) => planOf(state, now),
  list_rows: (state, options, { now }) => listRows(state, options, now),
  list_attempts: (state, options, { now }) => listAttempts(state, options, now),
  export_plan: (state, _, { now }) => portablePlanOf(state, now),
  missing_of_plan: (state, { plan }) => missingOf(state, plan),
  export_tasks: (state) => ({ tasks: Array.from(state.tasks.values(), ({ task }) => task) }),
  has_archive: (state) => state.hasArchive,
  next_order: (state) => state.nextOrder,
  select_notifications: (state, query, { caller }) =>
    query.records.flatMap((record) => {
      return seenNotifications(state, { seq: record.seq, notifications: selected(state, record, query) }, caller);
    }),
  select_audit: (state, query) =>
    query.records.flatMap((record) => {
      const { command, request } = record;
      return selected(state, record, query).map((each) => {
        return { ...each, data: { ...each.data, command, ...(request !== undefined && { request }) } };
      });
    }),
  get_project: (state) => viewOfProject(state),
  plan_redaction: redactionOf,
  list_tokens: (state, _, { now }) => Array.from(state.tokens.values(), (token) => tokenViewOf(token, now)),
  list_webhooks: (state) => Array.from(state.webhooks.values()),
  look_back(state, _, { caller }) {
    const hidden = hiddenIn(state);
    return { caller, ...(hidden !== undefined && { hidden }) };
  },
  get_caller: (_state, _query, { caller }) => caller,
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
  look_for_claims(state, { claims: waiting }, { clock, now }) {
    const denied = waiting.findIndex((claim) => isDenied(state, claim, now));
    const answered = denied < 0 ? firstAnswerable(state, seenClaims(state, waiting, now)) : denied;
    const changeAt = nextChangeAt(state);
    let heartbeatAt = Infinity;
    for (const claim of waiting) {
      heartbeatAt = Math.min(heartbeatAt, heartbeatDueAt(state, callingOf(claim)) ?? Infinity);
    }
    return {
      ...(answered !== undefined && { answered }),
      needHeartbeat: waiting.filter((claim) => !isDenied(state, claim, now)).map(callingOf)
        .filter((calling) => needsHeartbeat(state, calling, clock)).map(({ instance }) => instance),
      isSweepDue: isSweepDue(state, clock),
      ...(changeAt !== undefined && { nextChangeInMs: Math.max(0, changeAt - clock) }),
      ...(heartbeatAt < Infinity && { heartbeatInMs: Math.max(0, heartbeatAt - clock) }),
    };
  },
};

/** The notifications of a record that a query selects. */
function selected(
  state: ReadonlyState,
  record: JournalRecord,
  { filter, source }: Queries["select_notifications"]["input"],
): readonly Notification[] {
  // For records that do not tell it: the present group is the best guess.
  const groupOf = (id: string) => wholeOf(state).tasks.get(id)?.task.group;
  return notificationsOf(record, { source, groupOf }).filter((each) => isSelected(each, filter));
}

function callingOf({ command: { instance }, caller }: WaitingClaim): Calling {
  return { instance, session: sessionOf(caller) };
}

/** Whether the caller of a claim that waits has no right to it any more. */
function isDenied(state: ReadonlyState, { command, caller }: WaitingClaim, now: number): boolean {
  return !isAdmitted(state, { caller, now }, accessOfCommand(command));
}

/** Claims with the state as their callers see it, once for all callers of the same audiences. */
function seenClaims(state: ReadonlyState, waiting: readonly WaitingClaim[], now: number): readonly SeenClaim[] {
  const sights = new Map<string, ReadonlyState>();
  return waiting.map((claim) => {
    const caller = knownCaller(state, claim.caller, now);
    if (caller?.audiences === undefined) return claim;
    const key = JSON.stringify(caller.audiences);
    const seen = sights.get(key) ?? sightOf(state, caller);
    sights.set(key, seen);
    return { ...claim, seen };
  });
}

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
