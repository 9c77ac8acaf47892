/** What a template makes, as a graph that can be laid out. */

import type { Dependency } from "../api/types.ts";
import type { Join, PlanGraph } from "../plan/layout/graph.ts";
import { askOf } from "./template_text.ts";

export interface TemplateTask {
  readonly id: string;
  readonly dependencies?: readonly Dependency[];
}

/**
 * The tasks and their dependencies on each other, which name each other by ids before parameters are filled in. What they
 * need of other groups is no edge.
 *
 * @param nameOf the id as it will be
 */
export function templateGraph(tasks: readonly TemplateTask[], nameOf: (id: string) => string): PlanGraph {
  const indexes = new Map(tasks.map(({ id }, index) => [id, index]));
  const joins: Join[] = [];
  const edges: { readonly from: number; readonly to: number; readonly ask: string }[] = [];
  const join = (label: string, parts: readonly Dependency[], to: number) => {
    const own = tasks.length + joins.length;
    joins.push({ id: `${to} needs ${joins.length}`, label, group: -1 });
    for (const part of parts) connect(part, own);
    edges.push({ from: own, to, ask: "" });
  };
  const connect = (dependency: Dependency, to: number): void => {
    const { task, any, all, at_least, of } = typeof dependency === "string" ? { task: dependency } : dependency;
    const from = typeof task === "string" ? indexes.get(task) : undefined;
    if (from !== undefined) edges.push({ from, to, ask: askOf(dependency) });
    else if (Array.isArray(all)) { for (const part of all) connect(part, to); }
    else if (Array.isArray(any)) join("any", any, to);
    else if (Array.isArray(of)) join(`${at_least} of ${of.length}`, of, to);
  };
  tasks.forEach(({ dependencies = [] }, index) => {
    for (const dependency of dependencies) connect(dependency, index);
  });
  const marks = [...new Set(["", ...edges.map(({ ask }) => ask)])];
  return {
    ids: tasks.map(({ id }) => nameOf(id)),
    group: new Int32Array(tasks.length).fill(-1),
    groups: [],
    joins,
    from: Uint32Array.from(edges, ({ from }) => from),
    to: Uint32Array.from(edges, ({ to }) => to),
    mark: Uint32Array.from(edges, ({ ask }) => marks.indexOf(ask)),
    marks,
    collapsed: new Set(),
    unfolded: new Set(),
  };
}
