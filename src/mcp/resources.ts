/**
 * The resources that a client can read and subscribe to: tasks, one task, one group, the graph, the history.
 */

import { askOfTask } from "../app/archived.ts";
import { readHistory } from "../app/history.ts";
import { fit } from "./page.ts";
import { eventBounds, presentEvent, presentWholeGroup } from "./present.ts";
import { presentDetails, presentListed } from "./present_task.ts";
import type { Resource } from "./sdk.ts";
import type { CallContext } from "./tool.ts";

/** Most tasks or events in a resource that lists them. */
const MAX_LISTED = 200;

/** Most characters of a resource's URI. An id of 200 four-byte characters takes 2,400 when percent-encoded. */
const MAX_URI_CHARACTERS = 3_000;

const SCHEME = "orchestrator://";
const TASK_PREFIX = `${SCHEME}tasks/`;
const GROUP_PREFIX = `${SCHEME}groups/`;

/** The URI template of a single task. */
export const TASK_TEMPLATE = `${TASK_PREFIX}{id}`;

/** The URI template of a single group. */
export const GROUP_TEMPLATE = `${GROUP_PREFIX}{id}`;

/** The resources with fixed URIs. */
export const RESOURCES: readonly Resource[] = [
  {
    uri: `${SCHEME}tasks`,
    name: "tasks",
    description: `The newest ${MAX_LISTED} tasks, long texts cut`,
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
    description: `The newest ${MAX_LISTED} events`,
    mimeType: "application/json",
  },
];

/** The resources of single tasks and groups. */
export const RESOURCE_TEMPLATES = [
  { uriTemplate: TASK_TEMPLATE, name: "task", description: "One task, long texts cut", mimeType: "application/json" },
  {
    uriTemplate: GROUP_TEMPLATE,
    name: "group",
    description: `One group and its first ${MAX_LISTED} tasks, long texts cut`,
    mimeType: "application/json",
  },
];

export interface ResourceContent {
  readonly mimeType: string;
  /** Serializes the content. */
  readonly text: () => string;
}

/** Reads a resource; undefined if the URI names none. Throws a `Refusal` for an unknown task or group. */
export async function readResource(
  uri: string,
  { engine, query }: Pick<CallContext, "engine" | "query">,
): Promise<ResourceContent | undefined> {
  const task = taskIdOf(uri);
  if (task !== undefined) {
    const view = await askOfTask({ engine, query }, task, () => query({ type: "get_task", id: task }));
    return json(presentDetails(view));
  }
  const group = groupIdOf(uri);
  if (group !== undefined) {
    const [view, { tasks }] = await Promise.all([
      query({ type: "get_group", id: group }),
      query({ type: "list_tasks", filter: { group }, limit: MAX_LISTED }),
    ]);
    return json({ ...presentWholeGroup(view), tasks: fit(tasks.map((task) => presentListed(task)), "oldest").shown });
  }
  switch (uri) {
    case `${SCHEME}tasks`: {
      const { tasks, total } = await query({ type: "list_tasks", filter: {}, limit: MAX_LISTED, isNewest: true });
      return json({ total, tasks: fit(tasks.map((task) => presentListed(task)), "newest").shown });
    }
    case `${SCHEME}graph`: {
      const drawing = await query({ type: "draw_graph" });
      return { mimeType: "text/vnd.mermaid", text: () => drawing };
    }
    case `${SCHEME}history`: {
      const { events, lastSeq } = await readHistory({ engine, query }, { limit: MAX_LISTED, ...eventBounds });
      return json({ events: events.map(presentEvent), last_seq: lastSeq });
    }
    default:
      return undefined;
  }
}

/** Whether the URI is well-formed; the task or group that it names need not exist. */
export function isResource(uri: string): boolean {
  if (uri.length > MAX_URI_CHARACTERS) return false;
  return taskIdOf(uri) !== undefined || groupIdOf(uri) !== undefined ||
    RESOURCES.some((resource) => resource.uri === uri);
}

/** The id in the URI of a task; undefined for other URIs. */
export function taskIdOf(uri: string): string | undefined {
  return idAfter(TASK_PREFIX, uri);
}

/** The id in the URI of a group; undefined for other URIs. */
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
