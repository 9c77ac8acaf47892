/**
 * Draws the task graph as a Mermaid flowchart (https://mermaid.js.org/syntax/flowchart.html).
 */

import { countsOf, totalOf } from "../state/group_counts.ts";
import { inOrderOfCreation } from "../state/lookup.ts";
import { readinessOf } from "../state/readiness.ts";
import type { Condition, GroupNode, ReadonlyState, ReadonlyTaskNode } from "../state/state.ts";

/** Most tasks in a drawing: nobody can read a larger one. */
export const MAX_DRAWN = 200;

/** Most arrows; Mermaid itself refuses more than 500 unless configured. */
export const MAX_ARROWS = 400;

/** Most groups in a drawing. */
const MAX_GROUPS_DRAWN = 50;

/** Most arrows to one task that stand for its dependency expressions. */
const MAX_CONDITIONS = 50;

/** Longest id of a task or its holder in a drawing, in characters; Mermaid refuses drawings of more than 50,000. */
const MAX_LABEL_CHARACTERS = 60;

/** Draws the first `MAX_DRAWN` unfinished tasks, and as many finished ones as there is room for. */
export function drawGraph(state: ReadonlyState): string {
  const nodes = Array.from(state.tasks.values());
  const isOpen = (status: string) => status === "pending" || status === "in_progress";
  const open = nodes.filter((node) => isOpen(node.task.status)).slice(0, MAX_DRAWN);
  const ended = nodes.filter((node) => !isOpen(node.task.status)).slice(-Math.max(1, MAX_DRAWN - open.length));
  const shown = inOrderOfCreation([...open, ...ended].slice(0, MAX_DRAWN));
  // By its number among those drawn, as other numbers would have gaps where hidden tasks are.
  const drawn = new Map(shown.map((node, index) => [node, `t${index + 1}`]));
  const boxes = Array.from(drawn, ([node, name]) => {
    const { task } = node;
    const state = readinessOf(node) ?? task.status;
    const holder = task.status === "in_progress" ? ` · ${label(task.assignedTo ?? "")}` : "";
    return `  ${name}["${label(task.id)}<br/>${state}${holder}"]:::${state}`;
  });
  const groups = new Map<GroupNode, string>();
  const arrows = Array.from(drawn).flatMap(([node, name]) => [
    ...node.dependencies.flatMap((dependency) => drawn.get(dependency) ?? []).map((source) =>
      `  ${source} --> ${name}`
    ),
    ...Array.from(sourceNamesOf(node, drawn, groups), (source) => `  ${source} -.-> ${name}`),
  ]);
  const hexagons = Array.from(
    groups,
    ([node, name]) =>
      `  ${name}{{"${label(`group ${node.group.id}`)}<br/>${countsOf(node).completed} of ${totalOf(node)}"}}`,
  );
  const left = [
    ...(drawn.size < nodes.length ? [`  %% ${drawn.size} of ${nodes.length} tasks are shown`] : []),
    ...(arrows.length > MAX_ARROWS ? [`  %% ${MAX_ARROWS} of ${arrows.length} dependencies are shown`] : []),
  ];
  return ["flowchart TD", ...left, ...boxes, ...hexagons, ...arrows.slice(0, MAX_ARROWS), ...STYLES].join("\n") + "\n";
}

/** The Mermaid names of the drawn tasks and groups in a task's expressions, each once. Gives new groups their names. */
function sourceNamesOf(
  node: ReadonlyTaskNode,
  drawn: ReadonlyMap<ReadonlyTaskNode, string>,
  groups: Map<GroupNode, string>,
): ReadonlySet<string> {
  const sources = new Set<string>();
  const collect = (condition: Condition): void => {
    if (sources.size === MAX_CONDITIONS) return;
    if (condition.type === "branch") condition.parts.forEach(collect);
    else if (condition.type === "task") {
      const name = drawn.get(condition.source);
      if (name !== undefined) sources.add(name);
    } else if (groups.has(condition.source) || groups.size < MAX_GROUPS_DRAWN) {
      const name = groups.get(condition.source) ?? `g${groups.size + 1}`;
      groups.set(condition.source, name);
      sources.add(name);
    }
  };
  node.conditions.forEach(collect);
  return sources;
}

const STYLES = [
  "  classDef ready fill:#dbeafe,stroke:#2563eb,color:#111",
  "  classDef limited fill:#cffafe,stroke:#0891b2,color:#111",
  "  classDef waiting fill:#f3f4f6,stroke:#9ca3af,color:#111",
  "  classDef delayed fill:#ede9fe,stroke:#7c3aed,color:#111",
  "  classDef blocked fill:#ffedd5,stroke:#ea580c,color:#111",
  "  classDef in_progress fill:#fef9c3,stroke:#ca8a04,color:#111",
  "  classDef completed fill:#dcfce7,stroke:#16a34a,color:#111",
  "  classDef failed fill:#fee2e2,stroke:#dc2626,color:#111",
  "  classDef cancelled fill:#e5e7eb,stroke:#6b7280,color:#111",
  "  classDef skipped fill:#fff,stroke:#9ca3af,color:#6b7280",
];

/**
 * The beginning of a text, safe inside a quoted Mermaid label: characters with a meaning in Mermaid or HTML become entity
 * codes. The bound counts every character of a code.
 */
function label(text: string): string {
  let shown = "";
  for (const character of text) {
    const next = SPECIAL.test(character) ? `#${character.codePointAt(0)};` : character;
    if (shown.length + next.length > MAX_LABEL_CHARACTERS) return shown + "…";
    shown += next;
  }
  return shown;
}

const SPECIAL = /["#<>&`\\;%|()[\]{}]/;
