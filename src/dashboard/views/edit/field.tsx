/** One field of the form for tasks: its label, what is wrong with it, and what somebody else has made of it meanwhile. */

import { useId } from "preact/hooks";
import type { ComponentChildren } from "preact";
import type { Priority } from "../../plan/statuses.ts";
import { type DraftField, FIELD_LABELS, type TaskDraft } from "./task_draft.ts";

/** What all fields share. */
export interface Form {
  readonly draft: TaskDraft;
  readonly set: (changes: Partial<TaskDraft>) => void;
  readonly problems: Readonly<Partial<Record<DraftField, string>>>;
  /** Fields that nobody may change now. */
  readonly locked: ReadonlySet<DraftField>;
}

/** What ties an input to its label and its problem. */
export interface Ties {
  readonly id: string;
  readonly disabled: boolean;
  readonly "aria-invalid": boolean;
  readonly "aria-describedby": string | undefined;
}

interface FieldProps {
  readonly form: Form;
  readonly field: DraftField;
  readonly hint?: string;
  readonly isWide?: boolean;
  readonly children: (ties: Ties) => ComponentChildren;
}

export function Field({ form, field, hint, isWide = false, children }: FieldProps) {
  const id = useId();
  const problem = form.problems[field];
  const ties = {
    id,
    disabled: form.locked.has(field),
    "aria-invalid": problem !== undefined,
    "aria-describedby": problem !== undefined ? `${id}-problem` : hint !== undefined ? `${id}-hint` : undefined,
  };
  return (
    <div class={`field ${isWide ? "wide" : ""}`}>
      <label for={id}>{FIELD_LABELS[field]}</label>
      {children(ties)}
      {hint !== undefined && <span id={`${id}-hint`} class="quiet">{hint}</span>}
      {problem !== undefined && <span id={`${id}-problem`} class="refused" role="alert">{problem}</span>}
    </div>
  );
}

/** The fields that hold one text. */
type TextName = {
  [Name in DraftField]: TaskDraft[Name] extends string ? Name : never;
}[DraftField];

interface TextFieldProps {
  readonly form: Form;
  readonly field: Exclude<TextName, "priority" | "reserve" | "ifUnreachable">;
  readonly hint?: string;
  readonly type?: "text" | "datetime-local";
  readonly names?: readonly string[];
  readonly isWide?: boolean;
  /** Whether it has the focus when the form opens. */
  readonly isFirst?: boolean;
}

/** @param names offered as completions */
export function TextField({ form, field, type = "text", names, isFirst = false, ...others }: TextFieldProps) {
  const listId = useId();
  return (
    <Field form={form} field={field} {...others}>
      {(ties) => (
        <>
          <input
            {...ties}
            type={type}
            autofocus={isFirst}
            list={names === undefined ? undefined : listId}
            value={form.draft[field]}
            onInput={({ currentTarget }) => form.set({ [field]: currentTarget.value })}
          />
          {names !== undefined && (
            <datalist id={listId}>{names.map((name) => <option key={name} value={name} />)}</datalist>
          )}
        </>
      )}
    </Field>
  );
}

interface ChoiceFieldProps<Value extends string> {
  readonly form: Form;
  readonly field: "priority" | "reserve" | "ifUnreachable";
  readonly choices: readonly (readonly [value: Value, label: string])[];
}

export function ChoiceField<Value extends Priority | TaskDraft["reserve"] | TaskDraft["ifUnreachable"]>(
  { form, field, choices }: ChoiceFieldProps<Value>,
) {
  return (
    <Field form={form} field={field}>
      {(ties) => (
        <select
          {...ties}
          value={form.draft[field]}
          onChange={({ currentTarget }) => form.set({ [field]: currentTarget.value })}
        >
          {choices.map(([value, label]) => <option key={value} value={value}>{label}</option>)}
        </select>
      )}
    </Field>
  );
}
