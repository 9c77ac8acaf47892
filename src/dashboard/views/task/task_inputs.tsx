/** What a task builds on: the results of the tasks that it depends on, as its holder gets them. */

import { useSignal } from "@preact/signals";
import { pathOf } from "../../api/client.ts";
import type { Task } from "../../api/types.ts";
import { plan, planStructure } from "../../live/live_plan.ts";
import { useLoaded } from "../../ui/loaded.ts";
import { StatusMark } from "../../ui/status.tsx";
import { statusOf } from "../../api/types.ts";
import { LongText } from "./long_text.tsx";

/** Most inputs that are offered. */
const MAX_INPUTS = 30;

export function TaskInputs({ id }: { readonly id: string }) {
  planStructure.value;
  const table = plan.value;
  const row = table?.rowOf(id);
  if (table === undefined || row === undefined) return null;
  const sources = (table.dependencies[row] ?? []).map(({ from }) => table.ids[from] ?? "").slice(0, MAX_INPUTS);
  if (sources.length === 0) return null;
  return (
    <section>
      <h3>Inputs</h3>
      {sources.map((source) => <Input key={source} id={source} />)}
    </section>
  );
}

/** The result of one task, read when it is opened. */
function Input({ id }: { readonly id: string }) {
  const isOpen = useSignal(false);
  return (
    <details onToggle={({ currentTarget }) => isOpen.value = currentTarget.open}>
      <summary class="id">{id}</summary>
      {isOpen.value && <ResultOf id={id} />}
    </details>
  );
}

function ResultOf({ id }: { readonly id: string }) {
  const { data, error } = useLoaded<Task>(pathOf("tasks", id), { isAffected: ({ subject }) => subject === id });
  if (data.value === undefined) return <p class="quiet">{error.value ?? "…"}</p>;
  const { result } = data.value;
  if (result === undefined) return <StatusMark status={statusOf(data.value)} />;
  return <LongText id={id} part="result" text={result} />;
}
