/** The buttons that open the form for tasks, for those who may use it. */

import { useSignal } from "@preact/signals";
import { moment } from "../../navigation.ts";
import { hasRole } from "../../session.ts";
import { useShortcuts } from "../../ui/keys.ts";
import { EditTaskDialog, NewTaskDialog } from "./task_dialog.tsx";

/** Workers may create tasks, too. */
export function NewTaskButton() {
  return hasRole("worker") && moment.value === undefined ? <OpenNewTask /> : null;
}

function OpenNewTask() {
  const isOpen = useSignal(false);
  useShortcuts([{ key: "n", what: "New task", run: () => isOpen.value = true }]);
  return (
    <>
      <button
        type="button"
        class="primary new-task"
        aria-label="New task"
        title="New task (n)"
        onClick={() => isOpen.value = true}
      >
        +<span>&nbsp;New task</span>
      </button>
      {isOpen.value && <NewTaskDialog onClose={() => isOpen.value = false} />}
    </>
  );
}

/** @param onDone called when the task was changed */
export function EditTaskButton({ id, onDone }: { readonly id: string; readonly onDone: () => void }) {
  const isOpen = useSignal(false);
  useShortcuts([{ key: "e", what: "Edit the task", run: () => isOpen.value = true }]);
  return (
    <>
      <button type="button" title="Edit (e)" onClick={() => isOpen.value = true}>Edit</button>
      {isOpen.value && <EditTaskDialog id={id} onDone={onDone} onClose={() => isOpen.value = false} />}
    </>
  );
}
