/**
 * Cuts an import into parts, one for each record. The dependencies of a task are in the same part or an earlier one, so
 * the parts can be imported in their order, and nobody can claim a task too early between two parts. Tasks in `notBy` may
 * be in any part, as they may name each other: until that part is there, they exclude nobody.
 */

import { referencesOf } from "../model/dependency.ts";
import { MAX_EVENTS_BYTES, MAX_IMPORT_BYTES } from "../model/limits.ts";
import type { PortablePlan, PortableTemplate } from "../model/portable_plan.ts";
import type { Task } from "../model/task.ts";
import { jsonBytes } from "../state/record_size.ts";
import { Refusal } from "../model/refusal.ts";
import { printable } from "../model/values.ts";

/**
 * The parts of a plan: all in one if it is small, else the pause and the groups first, then templates, then tasks. So a
 * task that comes is limited by its group from the beginning.
 *
 * @throws Refusal `limit_exceeded` if a task does not fit into a record
 */
export function planParts(plan: PortablePlan, maxBytes = MAX_IMPORT_BYTES): readonly PlanPart[] {
  const { tasks, groups, templates, paused } = plan;
  const parts = importParts(tasks, maxBytes);
  if (parts.length <= 1 && jsonBytes(plan) <= maxBytes) return isEmpty(plan) ? [] : [plan];
  return [
    ...(paused === undefined ? [] : [{ tasks: [], paused }]),
    ...inChunks(groups, maxBytes).map((groups) => ({ tasks: [], groups })),
    ...inChunks(templates.flatMap(versionsOf), maxBytes).map((templates) => ({
      tasks: [],
      templates: rejoined(templates),
    })),
    ...parts.map((tasks) => ({ tasks })),
  ];
}

/** What one command imports. */
export type PlanPart = Pick<PortablePlan, "tasks"> & Partial<PortablePlan>;

function isEmpty({ tasks, groups, templates, paused }: PortablePlan): boolean {
  return tasks.length + groups.length + templates.length === 0 && paused === undefined;
}

/** The items in their order, in chunks of at most `maxBytes`, or of one larger item. */
function inChunks<T>(items: readonly T[], maxBytes: number): readonly (readonly T[])[] {
  const chunks: T[][] = [];
  let chunkBytes = Infinity;
  for (const item of items) {
    const bytes = jsonBytes(item);
    const chunk = chunks.at(-1);
    if (chunk === undefined || chunkBytes + bytes > maxBytes) {
      chunks.push([item]);
      chunkBytes = bytes;
    } else {
      chunk.push(item);
      chunkBytes += bytes;
    }
  }
  return chunks;
}

/** The template in pieces of one version each. It is archived with the last one. */
function versionsOf({ isArchived, ...template }: PortableTemplate): readonly PortableTemplate[] {
  const { firstVersion, versions } = template;
  const archive = isArchived && { isArchived };
  if (versions.length === 0) return [{ ...template, ...archive }];
  return versions.map((version, index) => ({
    ...template,
    firstVersion: firstVersion + index,
    versions: [version],
    ...(index === versions.length - 1 && archive),
  }));
}

/** The reverse of `versionsOf`, for pieces that follow each other. */
function rejoined(pieces: readonly PortableTemplate[]): readonly PortableTemplate[] {
  const templates: PortableTemplate[] = [];
  for (const piece of pieces) {
    const last = templates.at(-1);
    if (last?.name !== piece.name) templates.push(piece);
    else templates[templates.length - 1] = { ...piece, ...last, versions: [...last.versions, ...piece.versions] };
  }
  return templates;
}

/** Largest task, as JSON in bytes of UTF-8: its record must also have room for its group. */
const MAX_TASK_BYTES = MAX_EVENTS_BYTES - 4 * 1024;

/**
 * The fewest parts of at most `maxBytes` each, or of one larger task. The order of tasks is kept if one part is enough.
 *
 * @throws Refusal `limit_exceeded` if a task does not fit into a record
 */
export function importParts(tasks: readonly Task[], maxBytes = MAX_IMPORT_BYTES): readonly (readonly Task[])[] {
  const sizes = new Map(tasks.map((task) => [task, jsonBytes(task)]));
  const isSmall = sizes.values().reduce((sum, bytes) => sum + bytes, 0) <= maxBytes;
  const parts: Task[][] = [];
  let partBytes = Infinity;
  for (const task of isSmall ? tasks : inOrderOfDependencies(tasks)) {
    const bytes = sizes.get(task) ?? 0;
    if (bytes > MAX_TASK_BYTES) throw tooLarge(task, bytes);
    const part = parts.at(-1);
    if (part !== undefined && (isSmall || partBytes + bytes <= maxBytes)) {
      part.push(task);
      partBytes += bytes;
    } else {
      parts.push([task]);
      partBytes = bytes;
    }
  }
  return parts;
}

function tooLarge({ id }: Task, bytes: number): Refusal {
  return new Refusal(
    "limit_exceeded",
    `Cannot import task ${printable(id)} as it takes ${bytes} bytes: at most ${MAX_TASK_BYTES} are allowed; shorten it`,
    { limit: MAX_TASK_BYTES, bytes },
  );
}

/** A task, or the members of a group: a task that depends on a group depends on each member. */
type Vertex = Task | readonly Task[];

/**
 * Sorts tasks topologically, dependencies first, members of groups included; otherwise the order is kept. Depth-first
 * and iterative, as a chain may be as long as the list. O(tasks + dependencies).
 */
function inOrderOfDependencies(tasks: readonly Task[]): readonly Task[] {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const members = Map.groupBy(tasks, ({ group }) => group);
  const ordered: Task[] = [];
  const seen = new Set<Vertex>();
  for (const task of tasks) {
    const path: { readonly vertex: Vertex; readonly next: Iterator<Vertex> }[] = [];
    const enter = (vertex: Vertex) => {
      if (seen.has(vertex)) return;
      seen.add(vertex);
      path.push({ vertex, next: awaitedBy(vertex)[Symbol.iterator]() });
    };
    enter(task);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const { value, done } = top.next.next();
      if (done !== true) enter(value);
      else {
        path.pop();
        if ("id" in top.vertex) ordered.push(top.vertex);
      }
    }
  }
  return ordered;

  function* awaitedBy(vertex: Vertex): Iterable<Vertex> {
    if (!("id" in vertex)) return yield* vertex;
    for (const dependency of vertex.dependencies) {
      for (const { type, id } of referencesOf(dependency)) {
        const awaited = type === "group" ? members.get(id) : byId.get(id);
        if (awaited !== undefined) yield awaited;
      }
    }
  }
}
