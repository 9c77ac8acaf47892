/** All that a caller can read over MCP and REST, of what is shown and of what is hidden. */

import { API_PATH } from "../../../src/http/rest/rest_routes.ts";
import { ROUTES } from "../../../src/http/rest/routes.ts";
import { HIDDEN, HIDDEN_GROUPS, SHOWN_GROUPS } from "../../core/hidden_plan.ts";
import { type McpRequest, modernRequest } from "../../support/mcp_request.ts";
import { restRequest } from "../../support/rest_request.ts";
import type { Json } from "../../support/server.ts";
import { OWN, type ToolCall } from "./planner_calls.ts";
import type { ViewerRequest } from "./world.ts";

const TASK_IDS = [...OWN, ...HIDDEN];
const GROUP_IDS = [...SHOWN_GROUPS, ...HIDDEN_GROUPS];

/** The resources of single tasks and groups. */
export const SINGLE_RESOURCES = [
  ...TASK_IDS.map((id) => `orchestrator://tasks/${id}`),
  ...GROUP_IDS.map((id) => `orchestrator://groups/${id}`),
];

const RESOURCES = ["tasks", "graph", "history"].map((name) => `orchestrator://${name}`).concat(SINGLE_RESOURCES);

const STATUSES = ["pending", "in_progress", "completed", "failed", "cancelled", "skipped"];
const READINESSES = ["ready", "limited", "waiting", "blocked", "delayed"];

/** Calls of the tools that show something. */
export const LOOKS: readonly ToolCall[] = [
  ...[
    {},
    { summary: true },
    { text: "s" },
    { assigned_to: "x" },
    { assigned_to: "z" },
    { overdue: true },
    ...STATUSES.concat(READINESSES).map((status) => ({ status })),
    ...GROUP_IDS.flatMap((group) => [{ group }, { group, summary: true }]),
  ].map((args) => ({ tool: "get_task_status", args })),
  ...TASK_IDS.flatMap((task_id) => [
    { tool: "get_task_details", args: { task_id } },
    { tool: "explain_task", args: { task_id } },
    { tool: "get_history", args: { task_id } },
  ]),
  ...GROUP_IDS.flatMap((group) => [
    { tool: "get_groups", args: { group_id: group } },
    { tool: "get_history", args: { group } },
  ]),
  { tool: "get_groups", args: {} },
  { tool: "list_instances", args: {} },
  { tool: "list_instances", args: { all: true } },
  { tool: "list_templates", args: {} },
  ...[{}, { instance_id: "x" }, { instance_id: "z" }, { since: "0" }, { since: "2026-01-01T00:00:00.004Z" }].flatMap(
    (args) => [{ tool: "get_history", args }, { tool: "get_history", args: { ...args, limit: 3 } }],
  ),
  { tool: "wait_for_event", args: { since: "0" } },
];

/** What else there is to see over MCP. */
const MCP_LOOKS: readonly McpRequest[] = [
  ...RESOURCES.map((uri) => ({ method: "resources/read", params: { uri } })),
  { method: "resources/list", params: {} },
  ...["tasks", "groups"].flatMap((kind) =>
    ["", "a", "h", "q"].map((value) => ({
      method: "completion/complete",
      params: {
        ref: { type: "ref/resource", uri: `orchestrator://${kind}/{id}` },
        argument: { name: "id", value },
      },
    }))
  ),
  { method: "prompts/get", params: { name: "review_progress", arguments: {} } },
];

/** The call of a tool over MCP. */
export function overMcp({ tool, args }: ToolCall): ViewerRequest {
  return mcpRequest({ method: "tools/call", params: { name: tool, arguments: args } });
}

export function mcpRequest(request: McpRequest): ViewerRequest {
  return { method: "POST", path: "/mcp", ...modernRequest(request) };
}

/** The call of a tool over REST. */
export function overRest({ tool, args }: ToolCall): ViewerRequest {
  const route = ROUTES.find(({ operation, orWith, path }) => {
    const hasPath = Array.from(path.matchAll(/\{(\w+)\}/g)).every(([, name = ""]) => name in args);
    return (operation === tool || orWith?.operation === tool) && hasPath;
  });
  if (route === undefined) throw new Error(`There is no route for ${tool}`);
  return restRequest(route, args);
}

/** Every request that only looks: the tools by one of the ways, as both call the same. */
export function allLooks(surface: "mcp" | "rest"): readonly ViewerRequest[] {
  return surface === "mcp" ? [...LOOKS.map(overMcp), ...MCP_LOOKS.map(mcpRequest)] : [
    ...LOOKS.map(overRest),
    ...["graph", "plan", "plan?since=0"].map((name) => ({ method: "GET", path: `${API_PATH}/${name}` })),
  ];
}

/** A page of the list of tasks, or of a search. */
export function pageOf(more: Json, cursor: string | undefined): ViewerRequest {
  return overMcp({ tool: "get_task_status", args: { limit: 2, ...more, ...(cursor !== undefined && { cursor }) } });
}
