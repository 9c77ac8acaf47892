/** What can be done with a task, through the same commands as agents use. */

import { change, pathOf } from "../../api/client.ts";
import { statusOf, type Task } from "../../api/types.ts";
import { moment, selectTask } from "../../navigation.ts";
import type { Status } from "../../plan/statuses.ts";
import { hasRole } from "../../session.ts";
import { ActionButton } from "../../ui/action.tsx";
import { EditTaskButton } from "../edit/edit_buttons.tsx";
import { BULK_KINDS, type BulkName } from "../tasks/bulk_actions.ts";
import { BulkButtons } from "../tasks/bulk_buttons.tsx";

/** The actions that ask something first, in the order of their buttons. */
const ASKED: readonly BulkName[] = ["prioritize", "assign", "move", "release", "cancel", "archive", "delete"];

export function TaskActions({ task, onDone }: { readonly task: Task; readonly onDone: () => void }) {
  if (!hasRole("planner") || moment.value !== undefined) return null;
  const { id } = task;
  const status = statusOf(task);
  const applies = (name: BulkName) => BULK_KINDS[name].applies.some((each) => each === status);
  return (
    <div class="buttons">
      {status !== "completed" && <EditTaskButton id={id} />}
      <RetryButton id={id} status={status} onDone={onDone} />
      <BulkButtons
        names={ASKED.filter(applies)}
        selected={() => new Set([id])}
        onRemoved={() => selectTask("")}
        onClose={onDone}
      />
    </div>
  );
}

interface RetryButtonProps {
  readonly id: string;
  readonly status: Status;
  readonly onDone: () => void;
}

/** Makes an ended task pending again. Of a completed one, that is asked for first, as its result no longer counts. */
function RetryButton({ id, status, onDone }: RetryButtonProps) {
  const run = () => change("POST", `${pathOf("tasks", id)}/retry`).then(onDone);
  if (status === "completed") {
    return (
      <ActionButton
        run={run}
        done={`Reopened ${id}`}
        confirm={`${id} is to be done again. Tasks that wait for it wait again; those that run or have ended go on.`}
      >
        Reopen
      </ActionButton>
    );
  }
  if (!BULK_KINDS.retry.applies.some((each) => each === status)) return null;
  return <ActionButton run={run} done={`Retried ${id}`}>{status === "delayed" ? "Retry now" : "Retry"}</ActionButton>;
}
