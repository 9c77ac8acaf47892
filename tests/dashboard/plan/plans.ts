/** Plans to lay out and paint: of the shapes that real ones have, and at random. The same seed gives the same plan. */
import type { Join, PlanGraph } from "../../../src/dashboard/plan/layout/graph.ts";

export interface PlanText {
  readonly tasks: readonly { readonly id: string; readonly group?: string }[];
  readonly edges: readonly (readonly [from: string, to: string, mark?: string])[];
  readonly joins?: readonly { readonly id: string; readonly label: string; readonly group?: string }[];
  readonly collapsed?: readonly string[];
  readonly unfolded?: readonly string[];
}

/** An edge may name a task, a join, or a group as "group:NAME". */
export function graphOf({ tasks, edges, joins = [], collapsed = [], unfolded = [] }: PlanText): PlanGraph {
  const groups = [...new Set([...tasks, ...joins].flatMap(({ group }) => group ?? []))];
  const groupIndex = new Map(groups.map((name, i) => [name, i]));
  const ends = new Map<string, number>();
  for (const { id } of [...tasks, ...joins]) ends.set(id, ends.size);
  for (const name of groups) ends.set(`group:${name}`, ends.size);
  const end = (name: string) => {
    const index = ends.get(name);
    if (index === undefined) throw new Error(`The plan has no ${name}`);
    return index;
  };
  const marks = ["", ...new Set(edges.flatMap(([, , mark]) => mark ?? []))];
  return {
    ids: tasks.map(({ id }) => id),
    group: Int32Array.from(tasks, ({ group }) => group === undefined ? -1 : groupIndex.get(group) as number),
    groups,
    joins: joins.map(({ id, label, group }): Join => ({ id, label, group: groupIndex.get(group ?? "") ?? -1 })),
    from: Uint32Array.from(edges, ([from]) => end(from)),
    to: Uint32Array.from(edges, ([, to]) => end(to)),
    mark: Uint32Array.from(edges, ([, , mark]) => marks.indexOf(mark ?? "")),
    marks,
    collapsed: new Set(collapsed),
    unfolded: new Set(unfolded),
  };
}

/** Numbers in [0, 1) that follow from a seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = state + 0x6d2b79f5 | 0;
    let mixed = Math.imul(state ^ state >>> 15, 1 | state);
    mixed = mixed + Math.imul(mixed ^ mixed >>> 7, 61 | mixed) ^ mixed;
    return ((mixed ^ mixed >>> 14) >>> 0) / 4_294_967_296;
  };
}

/** Tasks that each depend on up to two of the `reach` before them. */
export function randomPlan(count: number, seed: number, reach = 30): PlanText {
  const random = createRandom(seed);
  const tasks = Array.from({ length: count }, (_, i) => ({ id: `t${i}` }));
  const edges = new Map<string, readonly [string, string]>();
  for (let i = 1; i < count; i++) {
    const dependencies = random() < 0.15 ? 0 : random() < 0.6 ? 1 : 2;
    for (let n = 0; n < dependencies; n++) {
      const other = Math.max(0, i - 1 - Math.floor(random() * reach));
      edges.set(`${other} ${i}`, [`t${other}`, `t${i}`]);
    }
  }
  return { tasks, edges: [...edges.values()] };
}

/**
 * Groups of about twenty tasks, as teams or features have them: chains, fans that fold, a review at the end with a join,
 * a few tasks without edges; each group builds on one or two before it.
 */
export function realisticPlan(count: number, seed: number): PlanText {
  const random = createRandom(seed);
  const pick = (below: number) => Math.floor(random() * below);
  const tasks: { id: string; group?: string }[] = [];
  const edges: [string, string, string?][] = [];
  const joins: { id: string; label: string; group: string }[] = [];
  const groups: string[] = [];
  while (tasks.length < count) {
    const group = `${AREAS[groups.length % AREAS.length]}${groups.length < AREAS.length ? "" : ` ${groups.length}`}`;
    const add = (name: string) => {
      if (tasks.length < count) tasks.push({ id: `${group.toLowerCase().replace(" ", "-")}-${name}`, group });
      return tasks.at(-1)?.id ?? "";
    };
    const design = add("design");
    if (groups.length > 0) {
      edges.push([`group:${groups[pick(groups.length)]}`, design]);
    }
    const parts = Array.from({ length: 2 + pick(4) }, (_, i) => {
      let last = design;
      for (let step = 0, steps = 1 + pick(4); step < steps; step++) {
        const next = add(`${VERBS[step]}-${i + 1}`);
        if (next === last) return last;
        edges.push([last, next]);
        last = next;
      }
      return last;
    });
    const test = add("test");
    for (const part of new Set(parts)) if (part !== test) edges.push([part, test]);
    if (random() < 0.4) {
      const fan = Array.from({ length: 8 + pick(6) }, (_, i) => add(`case-${i + 1}`));
      for (const each of new Set(fan)) if (each !== test) edges.push([test, each]);
    }
    const review = add("review");
    if (review !== test) edges.push([test, review]);
    const ship = add("ship");
    if (ship !== review) {
      const join = `${ship}?`;
      joins.push({ id: join, label: "any", group });
      edges.push([review, join, "/verdict = ok"], [test, join, "on failed"], [join, ship]);
    }
    for (let i = pick(3); i > 0; i--) add(`chore-${i}`);
    const other = tasks[pick(tasks.length)];
    if (other && other.group !== group && random() < 0.6) edges.push([other.id, test]);
    groups.push(group);
  }
  const known = new Set(tasks.map(({ id }) => id));
  const used = new Set([...known, ...joins.map(({ id }) => id), ...groups.map((name) => `group:${name}`)]);
  return { tasks, joins, edges: edges.filter(([from, to]) => used.has(from) && used.has(to)) };
}

const VERBS = ["model", "build", "connect", "document"];
const AREAS = [
  "Accounts",
  "Billing",
  "Catalogue",
  "Search",
  "Checkout",
  "Shipping",
  "Returns",
  "Reports",
  "Mobile",
  "Web",
  "Identity",
  "Ledger",
];

/** The plan with `share` more tasks, each after one or two others, some before another one. */
export function grownPlan(plan: PlanText, share: number, seed: number): PlanText {
  const random = createRandom(seed);
  const { tasks } = plan;
  const added: { id: string; group?: string }[] = [];
  const edges: [string, string][] = [];
  const dependents = new Set(plan.edges.map(([from]) => from));
  const leaves = tasks.filter(({ id }) => !dependents.has(id));
  for (let i = 0; i < Math.ceil(tasks.length * share); i++) {
    const dependency = tasks[Math.floor(random() * tasks.length)] as typeof tasks[number];
    const id = `new-${i}`;
    added.push({ id, ...dependency.group === undefined ? {} : { group: dependency.group } });
    edges.push([dependency.id, id]);
    const leaf = leaves[Math.floor(random() * leaves.length)];
    if (leaf && leaf.id !== dependency.id && leaf.group === dependency.group && random() < 0.2) {
      edges.push([id, leaf.id]);
    }
  }
  return { ...plan, tasks: [...tasks, ...added], edges: [...plan.edges, ...edges] };
}
