/** What can be done with a task, through the same commands as agents use. */

import { change, pathOf } from "../../api/client.ts";
import type { Task } from "../../api/types.ts";
import { moment } from "../../navigation.ts";
import { hasRole } from "../../session.ts";
import { ActionButton } from "../../ui/action.tsx";
import { EditTaskButton } from "../edit/edit_buttons.tsx";

export function TaskActions({ task, onDone }: { readonly task: Task; readonly onDone: () => void }) {
  if (!hasRole("planner") || moment.value !== undefined) return null;
  const { id, status } = task;
  const path = pathOf("tasks", id);
  const run = (action: string, body: object = {}) => () => change("POST", `${path}/${action}`, body).then(onDone);
  const isOpen = status === "pending" || status === "in_progress";
  return (
    <div class="buttons">
      {status !== "completed" && <EditTaskButton id={id} />}
      {status === "failed" || status === "cancelled"
        ? <ActionButton run={run("retry")} done={`Retried ${id}`}>Retry</ActionButton>
        : null}
      {status === "in_progress" && task.assignedTo !== undefined && (
        <ActionButton
          run={run("release", { instance_id: task.assignedTo, attempt: task.attempt })}
          done={`Released ${id}`}
          confirm={`${task.assignedTo} works on ${id}. Its attempt ends, and what it reports afterwards is refused.`}
        >
          Release
        </ActionButton>
      )}
      {isOpen && (
        <ActionButton
          kind="danger"
          run={run("cancel")}
          done={`Cancelled ${id}`}
          confirm={`${id} is cancelled. What depends on it is blocked until it is retried.`}
        >
          Cancel
        </ActionButton>
      )}
    </div>
  );
}
