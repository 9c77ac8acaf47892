/** The fields of the form for tasks. */

import { plan } from "../../live/live_plan.ts";
import { PRIORITIES } from "../../plan/statuses.ts";
import { StatusMark } from "../../ui/status.tsx";
import { statusOf } from "../tasks/row_marks.tsx";
import { DURATION_EXAMPLES } from "./duration_text.ts";
import { ChoiceField, Field, type Form, TextField } from "./field.tsx";
import { FIELD_LABELS, isExpression, type Ref } from "./task_draft.ts";
import { TokenField } from "./token_field.tsx";

/** Most completions of an id. */
const MAX_COMPLETIONS = 20;

export function TaskFields({ form, isNew }: { readonly form: Form; readonly isNew: boolean }) {
  const { draft, set } = form;
  const table = plan.value;
  return (
    <div class="task-fields">
      {isNew && (
        <TextField form={form} field="id" isWide isFirst hint="Short and telling: others name it in dependencies" />
      )}
      <Field form={form} field="description" isWide hint="Markdown; the first line is its title">
        {(ties) => (
          <textarea
            {...ties}
            rows={5}
            autofocus={!isNew}
            value={draft.description}
            onInput={({ currentTarget }) => set({ description: currentTarget.value })}
          />
        )}
      </Field>
      <ListField
        form={form}
        field="dependencies"
        hint='Ids to wait for, or expressions like {"any": ["a", "b"]}: Enter adds one'
        isTasks
      />
      <TextField form={form} field="group" names={table?.groups.toSorted() ?? []} />
      <ChoiceField
        form={form}
        field="priority"
        choices={PRIORITIES.toReversed().map((priority) => [priority, priority] as const)}
      />
      <TextField form={form} field="deadline" type="datetime-local" />
      <TextField form={form} field="estimate" hint={DURATION_EXAMPLES} />
      <ListField form={form} field="capabilities" hint="All are needed to claim it: Enter adds one" />
      <ListField form={form} field="locks" hint="Tasks with one lock never run together" />
      <TextField form={form} field="role" hint="Only instances that have it" />
      <Reservation form={form} />
      <References form={form} />
      <details class="wide">
        <summary>More</summary>
        <div class="task-fields">
          <TextField form={form} field="notBefore" type="datetime-local" />
          <TextField form={form} field="timeout" hint="Without it, the holder keeps the task while connected" />
          <TextField form={form} field="maxAttempts" />
          <ChoiceField
            form={form}
            field="ifUnreachable"
            choices={[["block", "wait for a retry"], ["skip", "skip the task"], ["fail", "fail the task"]]}
          />
          <ListField form={form} field="notBy" hint="Not for instances that worked on these tasks" isTasks />
          <label class="check">
            <input
              type="checkbox"
              checked={draft.failOnDeadline}
              disabled={form.locked.has("failOnDeadline")}
              onChange={({ currentTarget }) => set({ failOnDeadline: currentTarget.checked })}
            />
            {FIELD_LABELS.failOnDeadline}
          </label>
        </div>
      </details>
    </div>
  );
}

interface ListFieldProps {
  readonly form: Form;
  readonly field: "dependencies" | "capabilities" | "locks" | "notBy";
  readonly hint: string;
  /** Whether the entries are tasks: their ids are completed, and their statuses shown. */
  readonly isTasks?: boolean;
}

function ListField({ form, field, hint, isTasks = false }: ListFieldProps) {
  return (
    <Field form={form} field={field} hint={hint} isWide={isTasks}>
      {(ties) => (
        <TokenField
          id={ties.id}
          tokens={form.draft[field]}
          onChange={(tokens) => form.set({ [field]: tokens })}
          isInvalid={ties["aria-invalid"]}
          describedBy={ties["aria-describedby"]}
          disabled={ties.disabled}
          {...(isTasks && { suggest: (typed: string) => idsLike(typed, form.draft.id), show: showTask })}
        />
      )}
    </Field>
  );
}

/** Ids that have a text, those that begin with it first. */
function idsLike(typed: string, except: string): readonly string[] {
  const text = typed.toLowerCase();
  if (isExpression(text)) return [];
  const first: string[] = [];
  const others: string[] = [];
  for (const id of plan.value?.ids ?? []) {
    const lower = id.toLowerCase();
    if (id === except || !lower.includes(text)) continue;
    if (lower.startsWith(text)) first.push(id);
    else if (others.length < MAX_COMPLETIONS) others.push(id);
    if (first.length >= MAX_COMPLETIONS) break;
  }
  return [...first, ...others].slice(0, MAX_COMPLETIONS);
}

/** An id with the status of its task. */
function showTask(id: string) {
  const table = plan.value;
  const row = table?.rowOf(id);
  return (
    <>
      {table !== undefined && row !== undefined && <StatusMark status={statusOf(table, row)} word={false} />}{" "}
      <span class="id">{id}</span>
    </>
  );
}

function Reservation({ form }: { readonly form: Form }) {
  const { reserve } = form.draft;
  return (
    <>
      <ChoiceField
        form={form}
        field="reserve"
        choices={[["none", "nobody: any instance may claim it"], ["instance", "an instance"], ["role", "a role"]]}
      />
      {reserve !== "none" && (
        <TextField
          form={form}
          field="assignee"
          names={reserve === "instance" ? plan.value?.instances.toSorted() ?? [] : []}
        />
      )}
      {reserve !== "none" && (
        <TextField form={form} field="fallback" hint="After the task was ready for so long; empty: never" />
      )}
    </>
  );
}

function References({ form }: { readonly form: Form }) {
  const { refs } = form.draft;
  const isLocked = form.locked.has("refs");
  const change = (index: number, changes: Partial<Ref>) => {
    form.set({ refs: refs.map((ref, each) => each === index ? { ...ref, ...changes } : ref) });
  };
  return (
    <fieldset class="references wide" disabled={isLocked}>
      <legend>{FIELD_LABELS.refs}</legend>
      {refs.map(({ name, value }, index) => (
        <p key={index} class="reference">
          <input
            aria-label={`Name of reference ${index + 1}`}
            placeholder="issue, branch, pr…"
            value={name}
            onInput={({ currentTarget }) => change(index, { name: currentTarget.value })}
          />
          <input
            aria-label={`Value of reference ${index + 1}`}
            value={value}
            onInput={({ currentTarget }) => change(index, { value: currentTarget.value })}
          />
          <button
            type="button"
            aria-label={`Remove reference ${index + 1}`}
            onClick={() => form.set({ refs: refs.filter((_, each) => each !== index) })}
          >
            ×
          </button>
        </p>
      ))}
      <button type="button" onClick={() => form.set({ refs: [...refs, { name: "", value: "" }] })}>
        Add a reference
      </button>
      {form.problems.refs !== undefined && <p class="refused" role="alert">{form.problems.refs}</p>}
    </fieldset>
  );
}
