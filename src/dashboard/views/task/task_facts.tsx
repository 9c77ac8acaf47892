/** What is so of a task, in a few lines. */

import type { ComponentChildren } from "preact";
import { statusOf, type Task } from "../../api/types.ts";
import { SafeLink } from "../../ui/markdown.tsx";
import { StatusMark } from "../../ui/status.tsx";
import { Age, Duration, TextWithTimes, Time } from "../../ui/time.tsx";

/** Its status, and how far its holder says that it is. */
export function Standing({ task }: { readonly task: Task }) {
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
    </>
  );
}

/** Who holds it, and what was set. */
export function Facts({ task }: { readonly task: Task }) {
  return (
    <dl class="facts">
      {task.assignedTo !== undefined && (
        <Fact name={task.status === "in_progress" ? "Held by" : "Last held by"}>
          <span class="id">{task.assignedTo}</span>, attempt {task.attempt}
          {task.status === "in_progress" && task.startedAt !== undefined && (
            <>
              {" "}
              for <Age since={task.startedAt} />
            </>
          )}
        </Fact>
      )}
      {task.reason !== undefined && <Fact name="Reason">{task.reason}</Fact>}
      {task.kept !== undefined && (
        <Fact name="Kept">
          <TextWithTimes text={task.kept} />
        </Fact>
      )}
      {task.deadline !== undefined && (
        <Fact name="Deadline">
          <Time at={task.deadline} />
        </Fact>
      )}
      {task.estimateMs !== undefined && (
        <Fact name="Estimate">
          <Duration ms={task.estimateMs} />
        </Fact>
      )}
      {task.role !== undefined && <Fact name="Role">{task.role}</Fact>}
      {task.capabilities !== undefined && <Fact name="Capabilities">{task.capabilities.join(", ")}</Fact>}
      {task.locks !== undefined && <Fact name="Locks">{task.locks.join(", ")}</Fact>}
      {Object.entries(task.refs ?? {}).map(([name, value]) => (
        <Fact key={name} name={name}>
          <SafeLink href={value}>{value}</SafeLink>
        </Fact>
      ))}
      <Fact name="Created">
        <Time at={task.createdAt} />
      </Fact>
      {task.finishedAt !== undefined && (
        <Fact name="Ended">
          <Time at={task.finishedAt} />
        </Fact>
      )}
    </dl>
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
