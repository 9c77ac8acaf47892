/** A status as glyph, colour and word, and tasks that say theirs. */

import { type Status, STATUS_GLYPHS, STATUS_WORDS, STATUSES, STATUSES_BY_PROGRESS } from "../plan/statuses.ts";
import { plan, planRevision } from "../live/live_plan.ts";
import { addressWith } from "../navigation.ts";

export function StatusMark({ status, word = true }: { readonly status: Status; readonly word?: boolean }) {
  return (
    <span class={`status status-${status}`}>
      <svg class="glyph" viewBox="-1 -1 2 2" aria-hidden="true">
        <circle r="1" />
        <path d={STATUS_GLYPHS[status]} />
      </svg>
      {word ? STATUS_WORDS[status] : <span class="hidden-text">{STATUS_WORDS[status]}</span>}
    </span>
  );
}

/** The id of a task with its status, as a link that shows the task. */
export function TaskLink({ id, status }: { readonly id: string; readonly status?: Status | undefined }) {
  planRevision.value;
  const row = plan.value?.rowOf(id);
  const shown = status ?? (row === undefined ? undefined : STATUSES[plan.value?.status[row] ?? -1]);
  return (
    <a class="task-link" href={addressWith({ task: id })}>
      {shown !== undefined && <StatusMark status={shown} word={false} />}
      <span class="id">{id}</span>
    </a>
  );
}

/** Shares of statuses as one bar. @param counts how many tasks have each status */
export function StatusBar({ counts }: { readonly counts: Readonly<Partial<Record<Status, number>>> }) {
  const parts = STATUSES_BY_PROGRESS.map((status) => ({ status, count: counts[status] ?? 0 })).filter(({ count }) =>
    count > 0
  );
  const label = parts.map(({ status, count }) => `${count} ${STATUS_WORDS[status].toLowerCase()}`).join(", ");
  return (
    <span class="status-bar" role="img" aria-label={label || "no tasks"} title={label}>
      {parts.map(({ status, count }) => <span key={status} class={`status-${status}`} style={{ flexGrow: count }} />)}
    </span>
  );
}
