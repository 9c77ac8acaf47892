/**
 * Which operation each route calls. The requests that it takes, the answers that it gives and the description of the API
 * all follow from this table.
 */

import type { Json } from "./operation.ts";

export type Method = "get" | "post" | "put" | "patch" | "delete";

export interface Route {
  readonly method: Method;
  /** A parameter of the path, like `{task_id}`, has the name of the operation's parameter. */
  readonly path: string;
  readonly operation: string;
  /** Another operation, called if the body has this parameter. */
  readonly orWith?: { readonly parameter: string; readonly operation: string };
  /** Of routes that create something: its path, from the answer; undefined if the answer is about several things. */
  readonly createdAt?: (answer: Json) => string | undefined;
  /** Whether the header `If-Match` names the version that is to be changed. */
  readonly takesIfMatch?: true;
}

export const ROUTES: readonly Route[] = [
  { method: "get", path: "/tasks", operation: "get_task_status" },
  {
    method: "post",
    path: "/tasks",
    operation: "create_task",
    orWith: { parameter: "tasks", operation: "create_tasks" },
    createdAt: ({ id }) => placeIn("/tasks", id),
  },
  { method: "patch", path: "/tasks", operation: "update_tasks" },
  { method: "get", path: "/tasks/{task_id}", operation: "get_task_details" },
  { method: "patch", path: "/tasks/{task_id}", operation: "update_task", takesIfMatch: true },
  { method: "delete", path: "/tasks/{task_id}", operation: "delete_task" },
  { method: "get", path: "/tasks/{task_id}/explain", operation: "explain_task" },
  { method: "post", path: "/tasks/{task_id}/claim", operation: "get_next_task" },
  { method: "post", path: "/tasks/{task_id}/progress", operation: "report_progress" },
  { method: "post", path: "/tasks/{task_id}/complete", operation: "complete_task" },
  { method: "post", path: "/tasks/{task_id}/fail", operation: "fail_task" },
  { method: "post", path: "/tasks/{task_id}/release", operation: "release_task" },
  { method: "post", path: "/tasks/{task_id}/cancel", operation: "cancel_task" },
  { method: "post", path: "/tasks/{task_id}/retry", operation: "retry_task" },
  { method: "post", path: "/tasks/{task_id}/notes", operation: "add_note" },
  { method: "post", path: "/claims", operation: "get_next_task" },
  { method: "get", path: "/groups", operation: "get_groups" },
  { method: "post", path: "/groups", operation: "create_group", createdAt: ({ id }) => placeIn("/groups", id) },
  { method: "get", path: "/groups/{group_id}", operation: "get_groups" },
  { method: "patch", path: "/groups/{group_id}", operation: "update_group" },
  { method: "delete", path: "/groups/{group_id}", operation: "delete_group" },
  { method: "get", path: "/instances", operation: "list_instances" },
  { method: "put", path: "/instances/{instance_id}", operation: "register_instance" },
  { method: "post", path: "/instances/{instance_id}/heartbeat", operation: "heartbeat" },
  { method: "post", path: "/instances/{instance_id}/leave", operation: "leave" },
  { method: "get", path: "/templates", operation: "list_templates" },
  {
    method: "post",
    path: "/templates",
    operation: "save_template",
    createdAt: ({ name }) => placeIn("/templates", name),
  },
  { method: "get", path: "/templates/{name}", operation: "get_template" },
  {
    method: "post",
    path: "/templates/{name}/apply",
    operation: "apply_template",
    createdAt: ({ group }) => placeIn("/groups", Object(group).id),
  },
  { method: "post", path: "/templates/{name}/archive", operation: "archive_template" },
  { method: "get", path: "/plan", operation: "get_plan_rows" },
  { method: "get", path: "/attempts", operation: "get_attempt_rows" },
  { method: "get", path: "/project", operation: "get_project" },
  { method: "post", path: "/project/pause", operation: "pause_project" },
  { method: "post", path: "/project/resume", operation: "resume_project" },
  { method: "get", path: "/metrics", operation: "get_metrics" },
  { method: "get", path: "/analysis", operation: "analyze_plan" },
  { method: "get", path: "/history", operation: "get_history" },
  { method: "get", path: "/events/next", operation: "wait_for_event" },
  { method: "get", path: "/tokens", operation: "list_tokens" },
  { method: "post", path: "/tokens", operation: "issue_token", createdAt: ({ name }) => placeIn("/tokens", name) },
  { method: "delete", path: "/tokens/{name}", operation: "revoke_token" },
  { method: "get", path: "/audit", operation: "get_audit" },
  { method: "get", path: "/webhooks", operation: "list_webhooks" },
  { method: "post", path: "/webhooks", operation: "add_webhook", createdAt: ({ name }) => placeIn("/webhooks", name) },
  { method: "delete", path: "/webhooks/{name}", operation: "remove_webhook" },
  { method: "post", path: "/webhooks/{name}/test", operation: "test_webhook" },
  { method: "post", path: "/webhooks/{name}/replay", operation: "replay_webhook" },
  { method: "post", path: "/webhooks/{name}/rotate", operation: "rotate_webhook" },
  { method: "get", path: "/webhooks/{name}/deliveries", operation: "get_deliveries" },
];

/** The names of the parameters in a path. */
export function pathParameters(path: string): readonly string[] {
  return Array.from(path.matchAll(/\{(\w+)\}/g), ([, name = ""]) => name);
}

function placeIn(collection: string, id: unknown): string | undefined {
  return typeof id === "string" ? `${collection}/${encodeURIComponent(id)}` : undefined;
}
