/** What each command and query needs of its caller: a verb, and the objects that it names. */

import type { Access } from "../model/access.ts";
import type { PortablePlan } from "../model/portable_plan.ts";
import type { CommandOf, CommandType } from "./commands.ts";
import type { QueryOf, QueryType } from "./queries.ts";

/** What a command needs. */
export function accessOfCommand<K extends CommandType>(command: CommandOf<K>): Access {
  return COMMANDS[command.type](command);
}

/** What a query needs. */
export function accessOfQuery<K extends QueryType>(query: QueryOf<K>): Access {
  return QUERIES[query.type](query);
}

const COMMANDS: { readonly [K in CommandType]: (command: CommandOf<K>) => Access } = {
  create_tasks: ({ tasks }) => ({ verb: "work", tasks: tasks.map(({ id }) => id) }),
  import_tasks: (plan) => ({ verb: "administer", ...objectsOf(plan) }),
  update_task: ({ id }) => ({ verb: "plan", tasks: [id] }),
  delete_task: ({ id }) => ({ verb: "plan", tasks: [id] }),
  claim_task: ({ instance, id, group }) => ({
    verb: "work",
    instances: [instance],
    ...(id !== undefined && { tasks: [id] }),
    ...(group !== undefined && { groups: [group] }),
  }),
  report_progress: ({ id, instance }) => ({ verb: "work", tasks: [id], instances: [instance] }),
  complete_task: ({ id, instance }) => ({ verb: "work", tasks: [id], instances: [instance] }),
  fail_task: ({ id, instance }) => ({ verb: "work", tasks: [id], instances: [instance] }),
  release_task: ({ id, instance }) => ({ verb: "work", tasks: [id], instances: [instance] }),
  cancel_task: ({ id, instance }) => ({
    verb: "plan",
    tasks: [id],
    ...(instance !== undefined && { instances: [instance] }),
  }),
  retry_task: ({ id }) => ({ verb: "plan", tasks: [id] }),
  add_note: ({ id, instance }) => ({
    verb: "work",
    tasks: [id],
    ...(instance !== undefined && { instances: [instance] }),
  }),
  redact_task: ({ id }) => ({ verb: "administer", tasks: [id] }),
  bulk_update: ({ filter: { ids, group }, instance }) => ({
    verb: "plan",
    ...(ids !== undefined && { tasks: ids }),
    ...(group !== undefined && { groups: [group] }),
    ...(instance !== undefined && { instances: [instance] }),
  }),
  archive_tasks: ({ filter: { group } }) => ({ verb: "plan", ...(group !== undefined && { groups: [group] }) }),
  register_instance: ({ instance }) => ({ verb: "work", instances: [instance] }),
  heartbeat: ({ instance }) => ({ verb: "work", instances: [instance] }),
  leave: ({ instance }) => ({ verb: "work", instances: [instance] }),
  create_group: ({ id }) => ({ verb: "plan", groups: [id] }),
  update_group: ({ id }) => ({ verb: "plan", groups: [id] }),
  delete_group: ({ id }) => ({ verb: "plan", groups: [id] }),
  save_template: ({ template: { name } }) => ({ verb: "plan", templates: [name] }),
  apply_template: ({ name, group }) => ({ verb: "plan", templates: [name], groups: [group] }),
  archive_template: ({ name }) => ({ verb: "plan", templates: [name] }),
  issue_token: ({ token: { instance } }) => ({
    verb: "administer",
    ...(instance !== undefined && { instances: [instance] }),
  }),
  revoke_token: () => ({ verb: "administer" }),
  // Not `plan`: a pause also stops the work on groups that a planner does not see.
  pause_project: () => ({ verb: "administer" }),
  resume_project: () => ({ verb: "administer" }),
  add_webhook: ({ webhook: { group, task } }) => ({
    verb: "administer",
    ...(group !== undefined && { groups: [group] }),
    ...(task !== undefined && { tasks: [task] }),
  }),
  rotate_webhook: () => ({ verb: "administer" }),
  replay_webhook: () => ({ verb: "administer" }),
  remove_webhook: () => ({ verb: "administer" }),
  disable_webhook: () => ({ verb: "administer" }),
  record_denials: () => ({ verb: "administer" }),
  record_failure: () => ({ verb: "administer" }),
  end_session: () => ({ verb: "administer" }),
  resume_tasks: ({ calls }) => ({ verb: "administer", instances: calls.map(({ instance }) => instance) }),
  sweep: () => ({ verb: "administer" }),
  correct_clock: () => ({ verb: "administer" }),
};

const QUERIES: { readonly [K in QueryType]: (query: QueryOf<K>) => Access } = {
  get_task: ({ id }) => ({ verb: "see", tasks: [id] }),
  list_tasks: ({ filter: { group } }) => ({ verb: "see", ...(group !== undefined && { groups: [group] }) }),
  search_tasks: ({ filter: { group } }) => ({ verb: "see", ...(group !== undefined && { groups: [group] }) }),
  count_tasks: ({ filter: { group } }) => ({ verb: "see", ...(group !== undefined && { groups: [group] }) }),
  explain_task: ({ id }) => ({ verb: "see", tasks: [id] }),
  find: ({ tasks, groups }) => ({ verb: "see", tasks, groups }),
  get_group: ({ id }) => ({ verb: "see", groups: [id] }),
  list_groups: () => ({ verb: "see" }),
  list_instances: () => ({ verb: "see" }),
  list_templates: () => ({ verb: "see" }),
  get_template: ({ name }) => ({ verb: "see", templates: [name] }),
  draw_graph: () => ({ verb: "see" }),
  complete_id: () => ({ verb: "see" }),
  measure: ({ group }) => ({ verb: "see", ...(group !== undefined && { groups: [group] }) }),
  measure_task: ({ id }) => ({ verb: "see", tasks: [id] }),
  measure_totals: () => ({ verb: "see" }),
  get_plan: () => ({ verb: "see" }),
  list_rows: () => ({ verb: "see" }),
  list_attempts: () => ({ verb: "see" }),
  export_tasks: () => ({ verb: "administer" }),
  has_archive: () => ({ verb: "see" }),
  next_order: () => ({ verb: "administer" }),
  export_plan: () => ({ verb: "administer" }),
  missing_of_plan: ({ plan }) => ({ verb: "administer", ...objectsOf(plan) }),
  next_event: () => ({ verb: "administer" }),
  watch_sessions: ({ calls }) => ({ verb: "administer", instances: calls.map(({ instance }) => instance) }),
  select_notifications: ({ filter: { task, group, instance } }) => ({
    verb: "see",
    ...(task !== undefined && { tasks: [task] }),
    ...(group !== undefined && { groups: [group] }),
    ...(instance !== undefined && { instances: [instance] }),
  }),
  select_audit: () => ({ verb: "administer" }),
  get_project: () => ({ verb: "see" }),
  plan_redaction: ({ id }) => ({ verb: "administer", tasks: [id] }),
  list_tokens: () => ({ verb: "administer" }),
  list_webhooks: () => ({ verb: "administer" }),
  look_back: () => ({ verb: "see" }),
  get_caller: () => ({ verb: "see" }),
  look_for_claims: ({ claims }) => ({ verb: "administer", instances: claims.map(({ command }) => command.instance) }),
};

/** What a plan to be imported names. */
function objectsOf(
  { tasks, groups = [], templates = [] }: Pick<PortablePlan, "tasks"> & Partial<PortablePlan>,
): Omit<Access, "verb"> {
  return {
    tasks: tasks.map(({ id }) => id),
    ...(groups.length > 0 && { groups: groups.map(({ id }) => id) }),
    ...(templates.length > 0 && { templates: templates.map(({ name }) => name) }),
  };
}
