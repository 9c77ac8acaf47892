/**
 * The task graph as a Mermaid flowchart (https://mermaid.js.org/syntax/flowchart.html), for people and models to see.
 */

import { readinessOf, type ReadonlyState } from "./state.ts";
import { head } from "./views.ts";

/** Most tasks in a drawing; beyond this nobody can read it. */
export const MAX_DRAWN = 300;

/** Longest text of a task in a drawing, in characters. */
const MAX_LABEL_CHARACTERS = 60;

/** Draws the first `MAX_DRAWN` unfinished tasks, and as many finished ones as there is room for. */
export function drawGraph(state: ReadonlyState): string {
  const nodes = Array.from(state.tasks.values());
  const isOpen = (status: string) => status === "pending" || status === "in_progress";
  const open = nodes.filter((node) => isOpen(node.task.status)).slice(0, MAX_DRAWN);
  const ended = nodes.filter((node) => !isOpen(node.task.status)).slice(-Math.max(1, MAX_DRAWN - open.length));
  const drawn = new Set([...open, ...ended].slice(0, MAX_DRAWN).sort((a, b) => a.task.order - b.task.order));
  const lines = ["flowchart TD"];
  if (drawn.size < nodes.length) lines.push(`  %% ${drawn.size} of ${nodes.length} tasks are shown`);
  for (const node of drawn) {
    const { task } = node;
    const state = task.status === "pending" ? readinessOf(node) : task.status;
    const holder = task.status === "in_progress" ? ` · ${task.assignedTo}` : "";
    lines.push(`  t${task.order}["${label(task.id)}<br/>${state}${label(holder)}"]:::${state}`);
  }
  for (const node of drawn) {
    for (const dependency of node.dependencies) {
      if (drawn.has(dependency)) lines.push(`  t${dependency.task.order} --> t${node.task.order}`);
    }
  }
  return [...lines, ...STYLES].join("\n") + "\n";
}

const STYLES = [
  "  classDef ready fill:#dbeafe,stroke:#2563eb,color:#111",
  "  classDef waiting fill:#f3f4f6,stroke:#9ca3af,color:#111",
  "  classDef blocked fill:#ffedd5,stroke:#ea580c,color:#111",
  "  classDef in_progress fill:#fef9c3,stroke:#ca8a04,color:#111",
  "  classDef completed fill:#dcfce7,stroke:#16a34a,color:#111",
  "  classDef failed fill:#fee2e2,stroke:#dc2626,color:#111",
  "  classDef cancelled fill:#e5e7eb,stroke:#6b7280,color:#111",
];

/** Text that is safe inside a quoted Mermaid label: everything special becomes an entity code. */
function label(text: string): string {
  const short = head(text, MAX_LABEL_CHARACTERS);
  return (short.length < text.length ? short + "…" : short)
    .replaceAll(/[^\p{L}\p{N}\p{Extended_Pictographic} .,:·…_-]/gu, (character) => `#${character.codePointAt(0)};`);
}
