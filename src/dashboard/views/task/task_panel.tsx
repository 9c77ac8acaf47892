/** One task beside the view: why it waits comes first, then what it is, what came of it, and what was done. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { pathOf } from "../../api/client.ts";
import type { Explanation, Notification, Task } from "../../api/types.ts";
import { selectTask } from "../../navigation.ts";
import { useLoaded } from "../../ui/loaded.ts";
import { Failed, Loading } from "../../ui/notice.tsx";
import { LongText } from "./long_text.tsx";
import { TaskActions } from "./task_actions.tsx";
import { TaskAttempts } from "./task_attempts.tsx";
import { Facts, Standing } from "./task_facts.tsx";
import { TaskHistory } from "./task_history.tsx";
import { TaskInputs } from "./task_inputs.tsx";
import { TaskNeighbours } from "./task_neighbours.tsx";
import { TaskNotes } from "./task_notes.tsx";
import { WhyItWaits } from "./why_it_waits.tsx";

export function TaskPanel({ id }: { readonly id: string }) {
  const isAffected = (event: Notification) => event.subject === id || event.type.startsWith("group.");
  const task = useLoaded<Task>(pathOf("tasks", id), { isAffected });
  const explanation = useLoaded<Explanation>(`${pathOf("tasks", id)}/explain`, { isAffected: () => true });
  const panel = useRef<HTMLElement>(null);
  // Focus follows the user's own choice of a task; the keyboard continues in the panel.
  useEffect(() => panel.current?.focus({ preventScroll: true }), []);
  const reload = () => {
    task.reload();
    explanation.reload();
  };
  const shown = task.data.value;
  return (
    <aside class="panel" ref={panel} tabIndex={-1} aria-label={`Task ${id}`}>
      <header>
        <h2 class="id">{id}</h2>
        <button type="button" class="close" aria-label="Close the task" onClick={() => selectTask("")}>×</button>
      </header>
      {task.error.value !== undefined && <Failed error={task.error.value} onRetry={reload} />}
      {shown === undefined ? task.error.value === undefined && <Loading /> : (
        <>
          <Standing task={shown} />
          {explanation.data.value !== undefined && <WhyItWaits explanation={explanation.data.value} />}
          <TaskActions task={shown} onDone={reload} />
          <Facts task={shown} />
          <Section title="Description">
            <LongText id={id} part="description" text={shown.description} />
          </Section>
          {shown.result !== undefined && (
            <Section title="Result">
              <LongText id={id} part="result" text={shown.result} />
            </Section>
          )}
          {shown.error !== undefined && (
            <Section title="Error">
              <LongText id={id} part="error" text={shown.error} />
            </Section>
          )}
          <TaskInputs id={id} />
          <TaskNotes task={shown} onDone={reload} />
          {shown.pastAttempts !== undefined && shown.pastAttempts.length > 0 && (
            <TaskAttempts attempts={shown.pastAttempts} />
          )}
          <TaskNeighbours id={id} />
          <TaskHistory id={id} />
        </>
      )}
    </aside>
  );
}

function Section({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  return (
    <section>
      <h3>{title}</h3>
      {children}
    </section>
  );
}
