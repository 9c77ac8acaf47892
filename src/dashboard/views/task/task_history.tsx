/** What happened to a task, the newest first. */

import { useSignal } from "@preact/signals";
import type { HistoryPage } from "../../api/types.ts";
import { useLoaded } from "../../ui/loaded.ts";
import { Time } from "../../ui/time.tsx";

const MAX_EVENTS = 200;

export function TaskHistory({ id }: { readonly id: string }) {
  const isOpen = useSignal(false);
  return (
    <details onToggle={({ currentTarget }) => isOpen.value = currentTarget.open}>
      <summary>History</summary>
      {isOpen.value && <Events id={id} />}
    </details>
  );
}

function Events({ id }: { readonly id: string }) {
  const { data, error } = useLoaded<HistoryPage>("/history", {
    query: { task_id: id, limit: MAX_EVENTS },
    isAffected: ({ subject }) => subject === id,
    ofMoment: false,
  });
  if (error.value !== undefined) return <p class="refused">{error.value}</p>;
  return (
    <ol class="history">
      {(data.value?.events ?? []).toReversed().map(({ id, type, time, data: { actor, instance } }) => (
        <li key={id}>
          <Time at={time} /> {type.replace("task.", "")} <span class="quiet">{String(instance ?? actor ?? "")}</span>
        </li>
      ))}
    </ol>
  );
}
