/** What each role may do: the one table of expectations that the tests of all surfaces share. */

import type { Role, Verb } from "../../src/core/model/access.ts";
import type { Json } from "./server.ts";

/** The verbs of each role. */
export const VERBS: Readonly<Record<Role, readonly Verb[]>> = {
  admin: ["see", "work", "plan", "administer"],
  planner: ["see", "work", "plan"],
  worker: ["see", "work"],
  observer: ["see"],
};

const HELD = { task_id: "a", instance_id: "x" };

/** A call of each tool, and the right that it needs. */
export const TOOLS: Readonly<Record<string, readonly [Verb, Json]>> = {
  create_task: ["work", { id: "new", description: "" }],
  create_tasks: ["work", { tasks: [{ id: "new", description: "" }] }],
  update_task: ["plan", { task_id: "a", description: "d" }],
  delete_task: ["plan", { task_id: "a" }],
  cancel_task: ["plan", { task_id: "a" }],
  retry_task: ["plan", { task_id: "a" }],
  update_tasks: ["plan", { ids: ["a"], action: "cancel" }],
  add_note: ["work", { task_id: "a", text: "n" }],
  get_task_status: ["see", {}],
  get_task_details: ["see", { task_id: "a" }],
  explain_task: ["see", { task_id: "a" }],
  get_next_task: ["work", { instance_id: "x" }],
  report_progress: ["work", { ...HELD, percent: 1 }],
  complete_task: ["work", { ...HELD, result: "" }],
  fail_task: ["work", { ...HELD, error: "" }],
  release_task: ["work", HELD],
  register_instance: ["work", { instance_id: "x" }],
  heartbeat: ["work", { instance_id: "x" }],
  leave: ["work", { instance_id: "x" }],
  list_instances: ["see", {}],
  create_group: ["plan", { group_id: "h" }],
  update_group: ["plan", { group_id: "g", title: "t" }],
  delete_group: ["plan", { group_id: "g" }],
  get_groups: ["see", { group_id: "g" }],
  list_templates: ["see", {}],
  get_template: ["see", { name: "bugfix" }],
  save_template: ["plan", { name: "t", tasks: [{ id: "a", description: "" }] }],
  apply_template: ["plan", { name: "bugfix", group_id: "b", parameters: { bug: "b" } }],
  archive_template: ["plan", { name: "bugfix" }],
  get_history: ["see", {}],
  get_metrics: ["see", {}],
  analyze_plan: ["see", {}],
  wait_for_event: ["see", {}],
};

/** The same of the operations of REST that are no tools. */
export const ADMIN_OPERATIONS: typeof TOOLS = {
  list_tokens: ["administer", {}],
  issue_token: ["administer", { name: "new", role: "observer" }],
  revoke_token: ["administer", { name: "spare" }],
  get_audit: ["administer", {}],
  get_project: ["see", {}],
  get_plan_rows: ["see", {}],
  get_attempt_rows: ["see", {}],
  pause_project: ["administer", { reason: "r" }],
  resume_project: ["administer", {}],
  list_webhooks: ["administer", {}],
  add_webhook: ["administer", { name: "new", url: "https://example.com" }],
  remove_webhook: ["administer", { name: "spare" }],
  test_webhook: ["administer", { name: "none" }],
  replay_webhook: ["administer", { name: "hook" }],
  rotate_webhook: ["administer", { name: "hook" }],
  get_deliveries: ["administer", { name: "hook" }],
};

/** The resources, which all roles see. */
export const RESOURCES = ["tasks", "tasks/a", "groups/g", "graph", "history"].map((path) => `orchestrator://${path}`);
