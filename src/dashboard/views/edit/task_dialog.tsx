/**
 * Makes a task, or changes one. Only what differs is sent, for the version that the user has seen: when somebody else
 * changes the task meanwhile, the user is told, and keeps what is typed.
 */

import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { ApiError, change, pathOf } from "../../api/client.ts";
import { onEvents } from "../../live/event_stream.ts";
import { selectTask } from "../../navigation.ts";
import { Refused, useAction } from "../../ui/action.tsx";
import { announce } from "../../ui/announcer.tsx";
import { Confirm, Dialog } from "../../ui/dialog.tsx";
import { Loading } from "../../ui/notice.tsx";
import { fieldOfError } from "./field_of_error.ts";
import { type Base, readBase } from "./read_draft.ts";
import { isSame, rebase, type Rebased } from "./rebase.ts";
import {
  changesOf,
  creationOf,
  type DraftField,
  EMPTY_DRAFT,
  FIELD_LABELS,
  problemsOf,
  type TaskDraft,
} from "./task_draft.ts";
import { TaskFields } from "./task_fields.tsx";

interface DialogProps {
  readonly onClose: () => void;
}

export function NewTaskDialog({ onClose }: DialogProps) {
  const draft = useSignal(EMPTY_DRAFT);
  const id = draft.value.id.trim();
  return (
    <TaskForm
      title="New task"
      base={EMPTY_DRAFT}
      draft={draft.value}
      onInput={(next) => draft.value = next}
      save={() => change("POST", "/tasks", creationOf(draft.value))}
      saveLabel="Create"
      done={`Created ${id}`}
      onSaved={() => {
        onClose();
        selectTask(id);
      }}
      onClose={onClose}
    />
  );
}

interface EditTaskDialogProps extends DialogProps {
  readonly id: string;
}

export function EditTaskDialog({ id, onClose }: EditTaskDialogProps) {
  const base = useSignal<Base | undefined>(undefined);
  const draft = useSignal(EMPTY_DRAFT);
  const merged = useSignal<Rebased | undefined>(undefined);
  const reading = useAction();
  const isDue = useRef(false);
  const take = async () => {
    const fresh = await readBase(id);
    const old = base.value;
    if (old?.version === fresh.version && old.status === fresh.status) return;
    if (old === undefined) draft.value = fresh.draft;
    else if (old.version !== fresh.version) {
      merged.value = rebase(old.draft, fresh.draft, { draft: draft.value, ...merged.value });
      draft.value = merged.value.draft;
      announce(`${id} was changed by somebody else`);
    }
    base.value = fresh;
  };
  /** Reads the task, once more if it changes while it is read. */
  const read = async () => {
    isDue.current = true;
    while (isDue.current && !reading.isRunning()) {
      isDue.current = false;
      if (!await reading.run(take)) return;
    }
  };
  useEffect(() => {
    void read();
    return onEvents((events) => {
      if (events.some(({ subject }) => subject === id)) void read();
    });
  }, []);
  const shown = base.value;
  if (shown === undefined) {
    return (
      <Dialog title={`Edit ${id}`} onClose={onClose}>
        {reading.error === undefined ? <Loading /> : <Refused error={reading.error} />}
      </Dialog>
    );
  }
  const save = async () => {
    const changes = changesOf(shown.draft, draft.value);
    if (Object.keys(changes).length === 0) return;
    try {
      await change("PATCH", pathOf("tasks", id), { ...changes, if_version: shown.version });
    } catch (error) {
      if (error instanceof ApiError && error.code === "stale_version") await read();
      throw error;
    }
  };
  return (
    <TaskForm
      title={`Edit ${id}`}
      base={shown.draft}
      draft={draft.value}
      onInput={(next) => draft.value = next}
      locked={lockedFields(shown, draft.value)}
      notice={
        <>
          <Refused error={reading.error} />
          {merged.value !== undefined && <Merged {...merged.value} theirs={shown.draft} />}
          {shown.status === "in_progress" && (
            <p class="quiet">{shown.holder} works on it: what it is about cannot change until it is released.</p>
          )}
          {shown.status === "completed" && <p class="quiet">It is completed, so that it cannot be changed.</p>}
        </>
      }
      save={save}
      saveLabel="Save"
      done={`Changed ${id}`}
      onSaved={onClose}
      onClose={onClose}
    />
  );
}

/** The fields that can change while a task runs. */
const RUNNING: ReadonlySet<DraftField> = new Set<DraftField>(
  ["priority", "deadline", "failOnDeadline", "timeout", "maxAttempts", "refs"],
);

/** The fields that cannot change now, but for those in which the user has typed already: the server refuses these. */
function lockedFields({ status, draft }: Base, typed: TaskDraft): ReadonlySet<DraftField> {
  if (status !== "completed" && status !== "in_progress") return new Set();
  const fields = (Object.keys(draft) as DraftField[]).filter((field) => isSame(draft[field], typed[field]));
  return new Set(status === "completed" ? fields : fields.filter((field) => !RUNNING.has(field)));
}

/** Says what somebody else has changed while the user typed. */
function Merged({ taken, conflicts, theirs }: Rebased & { readonly theirs: TaskDraft }) {
  const names = (fields: readonly DraftField[]) => fields.map((field) => FIELD_LABELS[field].toLowerCase()).join(", ");
  return (
    <div class="warning" role="alert">
      <p>Somebody else has changed this task. What you typed is kept.</p>
      {taken.length > 0 && <p>New here: {names(taken)}.</p>}
      {conflicts.map((field) => (
        <p key={field}>
          {FIELD_LABELS[field]} is now “{textOf(theirs[field])}”. Saving replaces that by yours.
        </p>
      ))}
    </div>
  );
}

/** Longest value that a notice quotes, in characters. */
const MAX_QUOTED = 300;

function textOf(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length <= MAX_QUOTED ? text : `${text.slice(0, MAX_QUOTED)}…`;
}

interface TaskFormProps extends DialogProps {
  readonly title: string;
  readonly base: TaskDraft;
  readonly draft: TaskDraft;
  readonly onInput: (draft: TaskDraft) => void;
  readonly locked?: ReadonlySet<DraftField>;
  readonly notice?: ComponentChildren;
  readonly save: () => Promise<unknown>;
  readonly saveLabel: string;
  readonly done: string;
  readonly onSaved: () => void;
}

function TaskForm(props: TaskFormProps) {
  const { base, draft, onInput, locked = new Set() } = props;
  const action = useAction();
  const refusedAt = useSignal<DraftField | undefined>(undefined);
  const isTried = useSignal(false);
  const isLeaving = useSignal(false);
  const problems = problemsOf(draft);
  const isChanged = !isSame(base, draft);
  const field = refusedAt.value;
  const shown = {
    ...(isTried.value && problems),
    ...(field !== undefined && action.error !== undefined && { [field]: action.error }),
  };
  const submit = async () => {
    isTried.value = true;
    if (Object.keys(problems).length > 0) return;
    const save = async () => {
      refusedAt.value = undefined;
      try {
        await props.save();
      } catch (error) {
        if (error instanceof ApiError) refusedAt.value = fieldOfError(error);
        throw error;
      }
    };
    if (await action.run(save, props.done)) props.onSaved();
  };
  const leave = () => isChanged ? isLeaving.value = true : props.onClose();
  return (
    <Dialog title={props.title} onClose={leave} wide>
      <form
        class="form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        {props.notice}
        <TaskFields
          form={{ draft, set: (changes) => onInput({ ...draft, ...changes }), problems: shown, locked }}
          isNew={base.id === ""}
        />
        {field === undefined && <Refused error={action.error} />}
        <div class="buttons form-end">
          <button type="submit" class="primary" disabled={action.isPending || !isChanged}>{props.saveLabel}</button>
          <button type="button" onClick={leave}>Cancel</button>
          {isTried.value && Object.keys(shown).length > 0 && (
            <span class="refused">
              See: {Object.keys(shown).map((name) => FIELD_LABELS[name as DraftField].toLowerCase()).join(", ")}
            </span>
          )}
        </div>
      </form>
      {isLeaving.value && (
        <Confirm
          question="What you typed is not saved."
          label="Discard it"
          onConfirm={props.onClose}
          onCancel={() => isLeaving.value = false}
        />
      )}
    </Dialog>
  );
}
