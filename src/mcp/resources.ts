/**
 * What a client can read and follow as resources: the tasks, one task, the graph as a drawing, the history.
 */

import type { Engine } from "../app/engine.ts";
import { readHistory } from "../app/history.ts";
import { drawGraph } from "../core/mermaid.ts";
import { findTask, viewOf } from "../core/views.ts";
import { fit, presentCompact, presentRecord, presentTask } from "./present.ts";
import type { Resource } from "./sdk.ts";

/** Tasks or records in a resource that lists them. */
const MAX_LISTED = 200;

const SCHEME = "orchestrator://";
const TASK_PREFIX = `${SCHEME}tasks/`;

/** The URI template of a single task. */
export const TASK_TEMPLATE = `${TASK_PREFIX}{id}`;

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

/** Resources of which there is one for each task. */
export const RESOURCE_TEMPLATES = [
  { uriTemplate: TASK_TEMPLATE, name: "task", description: "One task, whole", mimeType: "application/json" },
];

export interface ResourceContent {
  readonly mimeType: string;
  readonly text: string;
}

/** Reads a resource; undefined if there is none with this URI. Throws a `Refusal` for an unknown task. */
export async function readResource(engine: Engine, uri: string): Promise<ResourceContent | undefined> {
  const id = taskIdOf(uri);
  if (id !== undefined) {
    return json(presentTask(await engine.read((state) => viewOf(findTask(state, id)))));
  }
  switch (uri) {
    case `${SCHEME}tasks`:
      return json(
        await engine.read((state) => {
          const newest = Array.from(state.tasks.values()).slice(-MAX_LISTED);
          return {
            total: state.tasks.size,
            tasks: fit(newest.map((node) => presentCompact(viewOf(node))), "newest").shown,
          };
        }),
      );
    case `${SCHEME}graph`:
      return { mimeType: "text/vnd.mermaid", text: await engine.read(drawGraph) };
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
  return taskIdOf(uri) !== undefined || RESOURCES.some((resource) => resource.uri === uri);
}

/** The id of the task that a URI names, if it names one. */
export function taskIdOf(uri: string): string | undefined {
  if (!uri.startsWith(TASK_PREFIX)) return undefined;
  try {
    return decodeURIComponent(uri.slice(TASK_PREFIX.length));
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

function json(value: unknown): ResourceContent {
  return { mimeType: "application/json", text: JSON.stringify(value) };
}
