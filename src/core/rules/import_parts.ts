/**
 * Cuts an import into parts, one for each record. The dependencies of a task are in the same part or an earlier one, so
 * the parts can be imported in their order, and nobody can claim a task too early between two parts. Tasks in `notBy` may
 * be in any part, as they may name each other: until that part is there, they exclude nobody.
 */

import { referencesOf } from "../model/dependency.ts";
import { MAX_EVENTS_BYTES, MAX_IMPORT_BYTES } from "../model/limits.ts";
import type { Task } from "../model/task.ts";
import { jsonBytes } from "../state/record_size.ts";
import { Refusal } from "../model/refusal.ts";
import { printable } from "../model/values.ts";

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
