/** One task beside the view: why it waits comes first, then what it is, what came of it, and what was done. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { pathOf } from "../../api/client.ts";
import { type Explanation, type Notification, statusOf, type Task } from "../../api/types.ts";
import { selectTask } from "../../navigation.ts";
import { useLoaded } from "../../ui/loaded.ts";
import { Markdown } from "../../ui/markdown.tsx";
import { Failed, Loading } from "../../ui/notice.tsx";
import { StatusMark } from "../../ui/status.tsx";
import { Age, Time } from "../../ui/time.tsx";
import { TaskActions } from "./task_actions.tsx";
import { TaskHistory } from "./task_history.tsx";
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
          <Facts task={shown} />
          {explanation.data.value !== undefined && <WhyItWaits explanation={explanation.data.value} />}
          <TaskActions task={shown} onDone={reload} />
          <Section title="Description">
            <Markdown text={shown.description} />
          </Section>
          {shown.result !== undefined && (
            <Section title="Result">
              <Result text={shown.result} />
            </Section>
          )}
          {shown.error !== undefined && (
            <Section title="Error">
              <pre class="raw">{shown.error}</pre>
            </Section>
          )}
          {shown.notes !== undefined && shown.notes.length > 0 && (
            <Section title="Notes">
              {shown.notes.map(({ text, by, at }, index) => (
                <div key={index} class="note">
                  <p class="quiet">
                    {by}, <Time at={at} />
                  </p>
                  <Markdown text={text} />
                </div>
              ))}
            </Section>
          )}
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

/** A result: JSON is laid out, anything else is Markdown. */
function Result({ text }: { readonly text: string }) {
  try {
    return <pre class="raw">{JSON.stringify(JSON.parse(text), null, 2)}</pre>;
  } catch {
    return <Markdown text={text} />;
  }
}

function Facts({ task }: { readonly task: Task }) {
  const { progress } = task;
  return (
    <>
      <p class="line">
        <StatusMark status={statusOf(task)} />
        {task.priority !== undefined && task.priority !== "normal" && <span class="badge">{task.priority}</span>}
        {task.overdue === true && <span class="badge danger">overdue</span>}
        {task.group !== undefined && <span class="badge">{task.group}</span>}
      </p>
      {progress !== undefined && task.status === "in_progress" && (
        <p>
          {progress.percent !== undefined && (
            <progress max={100} value={progress.percent} aria-label="Progress">{progress.percent} %</progress>
          )}
          {progress.message}{" "}
          <span class="quiet">
            <Time at={progress.at} />
          </span>
        </p>
      )}
      <dl class="facts">
        {task.assignedTo !== undefined && (
          <Fact name={task.status === "in_progress" ? "Held by" : "Last held by"}>
            {task.assignedTo}, attempt {task.attempt}
            {task.status === "in_progress" && task.startedAt !== undefined && (
              <>
                for <Age since={task.startedAt} />
              </>
            )}
          </Fact>
        )}
        {task.kept !== undefined && <Fact name="Kept">{task.kept}</Fact>}
        {task.deadline !== undefined && (
          <Fact name="Deadline">
            <Time at={task.deadline} />
          </Fact>
        )}
        {task.role !== undefined && <Fact name="Role">{task.role}</Fact>}
        {task.capabilities !== undefined && <Fact name="Capabilities">{task.capabilities.join(", ")}</Fact>}
        {task.locks !== undefined && <Fact name="Locks">{task.locks.join(", ")}</Fact>}
        {Object.entries(task.refs ?? {}).map(([name, value]) => <Fact key={name} name={name}>{value}</Fact>)}
        <Fact name="Created">
          <Time at={task.createdAt} />
        </Fact>
        {task.finishedAt !== undefined && (
          <Fact name="Ended">
            <Time at={task.finishedAt} />
          </Fact>
        )}
      </dl>
    </>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
