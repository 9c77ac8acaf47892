/** Makes a group, or changes one: only what differs is sent. */

import { useSignal } from "@preact/signals";
import { change, pathOf } from "../api/client.ts";
import type { Group } from "../api/types.ts";
import { Refused, useAction } from "../ui/action.tsx";
import { Dialog } from "../ui/dialog.tsx";

export interface GroupFormProps {
  /** The group to change; undefined makes a new one. */
  readonly group: Group | undefined;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

export function GroupForm({ group, onClose, onDone }: GroupFormProps) {
  const action = useAction();
  const id = useSignal(group?.id ?? "");
  const fields = useSignal<Fields>(fieldsOf(group));
  const set = (name: keyof Fields) => ({ currentTarget }: { readonly currentTarget: { readonly value: string } }) =>
    fields.value = { ...fields.value, [name]: currentTarget.value };
  const submit = async (event: Event) => {
    event.preventDefault();
    const call = group === undefined
      ? () =>
        change("POST", "/groups", { group_id: id.value.trim(), ...changesOf(fieldsOf(undefined), fields.value).set })
      : () => {
        const { set, clear } = changesOf(fieldsOf(group), fields.value);
        return change("PATCH", pathOf("groups", group.id), { ...set, ...(clear.length > 0 && { clear }) });
      };
    if (await action.run(call, group === undefined ? `Created ${id.value}` : `Changed ${group.id}`)) onDone();
  };
  return (
    <Dialog title={group === undefined ? "New group" : `Group ${group.id}`} onClose={onClose}>
      <form class="form" onSubmit={(event) => void submit(event)}>
        {group === undefined && (
          <label>
            Id
            <input required value={id.value} onInput={({ currentTarget }) => id.value = currentTarget.value} />
          </label>
        )}
        <label>
          Title
          <input value={fields.value.title} onInput={set("title")} />
        </label>
        <label>
          Most tasks that run at a time
          <input inputMode="numeric" value={fields.value.max_parallel} onInput={set("max_parallel")} />
          <span class="quiet">Empty: no limit</span>
        </label>
        <label>
          Preamble
          <textarea rows={4} value={fields.value.preamble} onInput={set("preamble")} />
          <span class="quiet">What every holder of its tasks is told</span>
        </label>
        <label>
          Visible to
          <input value={fields.value.visible_to} onInput={set("visible_to")} />
          <span class="quiet">Audiences, separated by commas. Empty: everybody</span>
        </label>
        <Refused error={action.error} />
        <div class="buttons">
          <button type="submit" class="primary" disabled={action.isPending}>
            {group === undefined ? "Create" : "Save"}
          </button>
          <button type="button" onClick={onClose}>Cancel</button>
        </div>
      </form>
    </Dialog>
  );
}

/** The settings as they are typed, by the names of the API. */
interface Fields {
  readonly title: string;
  readonly max_parallel: string;
  readonly preamble: string;
  readonly visible_to: string;
}

function fieldsOf(group: Group | undefined): Fields {
  return {
    title: group?.title ?? "",
    max_parallel: group?.maxParallel === undefined ? "" : `${group.maxParallel}`,
    preamble: group?.preamble ?? "",
    visible_to: group?.visibleTo?.join(", ") ?? "",
  };
}

/** What must be sent: the fields that differ, and those that were emptied. */
function changesOf(before: Fields, after: Fields) {
  const names = Object.keys(after) as (keyof Fields)[];
  const changed = names.filter((name) => before[name].trim() !== after[name].trim());
  return {
    clear: changed.filter((name) => after[name].trim() === ""),
    set: Object.fromEntries(
      changed.filter((name) => after[name].trim() !== "").map((name) => [name, valueOf(name, after[name].trim())]),
    ),
  };
}

/** A value as the API takes it. A number that is none goes as text, so that the server says what would be right. */
function valueOf(name: keyof Fields, text: string): unknown {
  if (name === "max_parallel") return /^\d+$/.test(text) ? Number(text) : text;
  if (name === "visible_to") return text.split(",").map((each) => each.trim()).filter((each) => each !== "");
  return text;
}
