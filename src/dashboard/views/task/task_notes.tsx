/** The notes on a task, and a field for another one: whoever works on it gets it with the next answer. */

import { useSignal } from "@preact/signals";
import { change, pathOf } from "../../api/client.ts";
import type { Task } from "../../api/types.ts";
import { moment } from "../../navigation.ts";
import { hasRole } from "../../session.ts";
import { Refused, useAction } from "../../ui/action.tsx";
import { Markdown } from "../../ui/markdown.tsx";
import { Time } from "../../ui/time.tsx";
import { draftOf, keepDraft } from "./note_drafts.ts";

export function TaskNotes({ task, onDone }: { readonly task: Task; readonly onDone: () => void }) {
  const { id, notes = [] } = task;
  const text = useSignal(draftOf(id));
  const action = useAction();
  const type = (typed: string) => {
    text.value = typed;
    keepDraft(id, typed);
  };
  const mayWrite = hasRole("worker") && moment.value === undefined;
  if (notes.length === 0 && !mayWrite) return null;
  const submit = async (event: Event) => {
    event.preventDefault();
    const call = () => change("POST", `${pathOf("tasks", id)}/notes`, { text: text.value });
    if (!await action.run(call, `Noted on ${id}`)) return;
    type("");
    onDone();
  };
  return (
    <section>
      <h3>Notes</h3>
      {notes.map(({ text, author, at }, index) => (
        <div key={index} class="note">
          <p class="quiet">
            {author}, <Time at={at} />
          </p>
          <Markdown text={text} />
        </div>
      ))}
      {mayWrite && (
        <form class="note-form" onSubmit={(event) => void submit(event)}>
          <textarea
            rows={2}
            aria-label="A note"
            placeholder="Tell whoever works on it…"
            value={text.value}
            onInput={({ currentTarget }) => type(currentTarget.value)}
          />
          <button type="submit" disabled={text.value.trim() === "" || action.isPending}>Add note</button>
          <Refused error={action.error} />
        </form>
      )}
    </section>
  );
}
