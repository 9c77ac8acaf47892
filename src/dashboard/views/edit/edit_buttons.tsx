/**
 * The buttons that open the form for tasks, for those who may use it. The form itself belongs to the page, so that what is
 * half typed stays whatever becomes of the view behind it.
 */

import { signal } from "@preact/signals";
import { moment } from "../../navigation.ts";
import { hasRole } from "../../session.ts";
import { useShortcuts } from "../../ui/keys.ts";
import { EditTaskDialog, NewTaskDialog } from "./task_dialog.tsx";

/** The task that the form is about; "" for a new one, undefined while there is no form. */
const formOf = signal<string | undefined>(undefined);

/** The form while it is open. */
export function TaskForms() {
  const id = formOf.value;
  const close = () => formOf.value = undefined;
  if (id === undefined) return null;
  return id === "" ? <NewTaskDialog onClose={close} /> : <EditTaskDialog id={id} onClose={close} />;
}

/** Workers may create tasks, too. */
export function NewTaskButton() {
  return hasRole("worker") && moment.value === undefined ? <OpenNewTask /> : null;
}

function OpenNewTask() {
  const open = () => formOf.value = "";
  useShortcuts([{ key: "n", what: "New task", run: open }]);
  return (
    <button type="button" class="primary new-task" aria-label="New task" title="New task (n)" onClick={open}>
      +<span>&nbsp;New task</span>
    </button>
  );
}

export function EditTaskButton({ id }: { readonly id: string }) {
  const open = () => formOf.value = id;
  useShortcuts([{ key: "e", what: "Edit the task", run: open }], [id]);
  return <button type="button" title="Edit (e)" onClick={open}>Edit</button>;
}
