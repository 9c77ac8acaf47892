/**
 * What a client can read and follow as resources: the tasks, one task, the graph as a drawing, the history.
 */

import { readHistory } from "../app/history.ts";
import { fit, presentCompact, presentGroup, presentRecord, presentTask } from "./present.ts";
import type { Resource } from "./sdk.ts";
import type { CallContext } from "./tool.ts";

/** Tasks or records in a resource that lists them. */
const MAX_LISTED = 200;

/** Longest URI of a resource: an id of 200 characters, each of four bytes, comes to 2,400 characters in it. */
const MAX_URI_CHARACTERS = 3_000;

const SCHEME = "orchestrator://";
const TASK_PREFIX = `${SCHEME}tasks/`;
const GROUP_PREFIX = `${SCHEME}groups/`;

/** The URI template of a single task. */
export const TASK_TEMPLATE = `${TASK_PREFIX}{id}`;

/** The URI template of a single group. */
export const GROUP_TEMPLATE = `${GROUP_PREFIX}{id}`;

/** Resources that are always there. */
export const RESOURCES: readonly Resource[] = [
  {
    uri: `${SCHEME}tasks`,
    name: "tasks",
    description: `The newest tasks, up to ${MAX_LISTED}, compact`,
    mimeType: "application/json",
  },
  {
    uri: `${SCHEME}graph`,
    name: "graph",
    description: "The task graph as a Mermaid flowchart",
    mimeType: "text/vnd.mermaid",
  },
  {
    uri: `${SCHEME}history`,
    name: "history",
    description: `The newest journal records, up to ${MAX_LISTED}`,
    mimeType: "application/json",
  },
];

/** Resources of which there is one for each task, or each group. */
export const RESOURCE_TEMPLATES = [
  { uriTemplate: TASK_TEMPLATE, name: "task", description: "One task, whole", mimeType: "application/json" },
  {
    uriTemplate: GROUP_TEMPLATE,
    name: "group",
    description: `One group, with its first ${MAX_LISTED} tasks, compact`,
    mimeType: "application/json",
  },
];

export interface ResourceContent {
  readonly mimeType: string;
  /** Writes it down. */
  readonly text: () => string;
}

/** Reads a resource; undefined if there is none with this URI. Throws a `Refusal` for an unknown task or group. */
export async function readResource(
  uri: string,
  { engine, query }: Pick<CallContext, "engine" | "query">,
): Promise<ResourceContent | undefined> {
  const task = taskIdOf(uri);
  if (task !== undefined) return json(presentTask(await query({ type: "get_task", id: task })));
  const group = groupIdOf(uri);
  if (group !== undefined) {
    const [view, { tasks }] = await Promise.all([
      query({ type: "get_group", id: group }),
      query({ type: "list_tasks", filter: { group }, limit: MAX_LISTED }),
    ]);
    return json({ ...presentGroup(view), tasks: fit(tasks.map((task) => presentCompact(task)), "oldest").shown });
  }
  switch (uri) {
    case `${SCHEME}tasks`: {
      const { tasks, total } = await query({ type: "list_tasks", filter: {}, limit: MAX_LISTED, isNewest: true });
      return json({ total, tasks: fit(tasks.map((task) => presentCompact(task)), "newest").shown });
    }
    case `${SCHEME}graph`: {
      const drawing = await query({ type: "draw_graph" });
      return { mimeType: "text/vnd.mermaid", text: () => drawing };
    }
    case `${SCHEME}history`: {
      const { records } = await readHistory(engine, { limit: MAX_LISTED });
      return json({ records: fit(records.map(presentRecord), "newest").shown });
    }
    default:
      return undefined;
  }
}

/** Whether there can be a resource with this URI. */
export function isResource(uri: string): boolean {
  if (uri.length > MAX_URI_CHARACTERS) return false;
  return taskIdOf(uri) !== undefined || groupIdOf(uri) !== undefined ||
    RESOURCES.some((resource) => resource.uri === uri);
}

/** The id of the task that a URI names, if it names one. */
export function taskIdOf(uri: string): string | undefined {
  return idAfter(TASK_PREFIX, uri);
}

/** The id of the group that a URI names, if it names one. */
export function groupIdOf(uri: string): string | undefined {
  return idAfter(GROUP_PREFIX, uri);
}

function idAfter(prefix: string, uri: string): string | undefined {
  if (!uri.startsWith(prefix)) return undefined;
  try {
    return decodeURIComponent(uri.slice(prefix.length));
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

function json(value: unknown): ResourceContent {
  return { mimeType: "application/json", text: () => JSON.stringify(value) };
}
