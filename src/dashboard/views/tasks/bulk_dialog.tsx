/** Asks what an action on many tasks needs, says how many it is about, and shows what came of it. */

import { type Signal, useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import type { PlanTable } from "../../plan/plan_table.ts";
import { PRIORITIES, type Priority, type Status, STATUSES } from "../../plan/statuses.ts";
import { Refused, useAction } from "../../ui/action.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { StatusBar, StatusMark, TaskLink } from "../../ui/status.tsx";
import { taskCount } from "../../ui/task_count.ts";
import { applicable, BULK_KINDS, bulkBody, type BulkChoice, type BulkKind, type BulkName } from "./bulk_actions.ts";
import { type BulkResult, runBulk } from "./run_bulk.ts";

export interface BulkDialogProps {
  readonly name: BulkName;
  readonly table: PlanTable;
  /** The tasks that the user chose. */
  readonly selected: ReadonlySet<string>;
  /** Called when all of them have left the plan. */
  readonly onRemoved: () => void;
  readonly onClose: () => void;
}

export function BulkDialog({ name, table, selected, onRemoved, onClose }: BulkDialogProps) {
  const kind: BulkKind = BULK_KINDS[name];
  // What is asked about stays the same while the dialog is open, whatever happens meanwhile.
  const ids = useMemo(() => applicable(table, selected, name), []);
  const counts = useMemo(() => countStatuses(table, ids), []);
  const choice = useSignal<BulkChoice>(NO_CHOICE);
  const result = useSignal<BulkResult | undefined>(undefined);
  const action = useAction();
  const others = useMemo(() => countPresent(table, selected) - ids.length, []);
  const isDone = result.value !== undefined && !action.isPending;
  const submit = (event: Event) => {
    event.preventDefault();
    void action.run(
      () => runBulk(ids, { body: bulkBody(name, choice.value), tell: (state) => result.value = state }),
      `${kind.label}: done`,
    );
  };
  const close = () => {
    if (kind.isRemoval === true && isDone && result.value?.refused_count === 0) onRemoved();
    onClose();
  };
  return (
    <Dialog title={`${kind.label} ${taskCount(ids.length)}`} onClose={close}>
      <form class="form" onSubmit={submit}>
        {result.value === undefined && (
          <>
            {ids.length === 1 && others === 0 ? <OneTask id={ids[0] ?? ""} table={table} /> : (
              <>
                <p>
                  {ids.length === 0 ? "None" : ids.length} of the selected tasks can be {kind.done}
                  {others > 0 && `; the status of ${taskCount(others)} does not allow it, so they stay as they are`}.
                </p>
                {ids.length > 0 && <StatusBar counts={counts} />}
              </>
            )}
            {ids.length > 0 && <Choice name={name} table={table} choice={choice} />}
            {kind.warning !== undefined && ids.length > 0 && <p class="warning">{kind.warning}</p>}
          </>
        )}
        {result.value !== undefined && <Outcome result={result.value} done={kind.done} />}
        <Refused error={action.error} />
        <div class="buttons">
          {!isDone && (
            <button
              type="submit"
              class={kind.warning === undefined ? "primary" : "danger"}
              disabled={ids.length === 0 || action.isPending}
            >
              {kind.label} {taskCount(ids.length)}
            </button>
          )}
          <button type="button" onClick={close}>{isDone ? "Close" : "Keep them as they are"}</button>
        </div>
      </form>
    </Dialog>
  );
}

function OneTask({ id, table }: { readonly id: string; readonly table: PlanTable }) {
  const row = table.rowOf(id) ?? -1;
  return (
    <p class="one-task">
      <StatusMark status={STATUSES[table.status[row] ?? -1] ?? "ready"} word={false} /> <span class="id">{id}</span>
      {" "}
      <span class="quiet">{table.title[row]}</span>
    </p>
  );
}

const NO_CHOICE: BulkChoice = { reason: "", priority: "high", assignTo: "instance", assignee: "", group: "" };

/** How many of the selected tasks are still there. */
function countPresent(table: PlanTable, selected: ReadonlySet<string>): number {
  let count = 0;
  for (const id of selected) if (table.rowOf(id) !== undefined) count++;
  return count;
}

function countStatuses(table: PlanTable, ids: readonly string[]): Readonly<Partial<Record<Status, number>>> {
  const counts: Partial<Record<Status, number>> = {};
  for (const id of ids) {
    const status = STATUSES[table.status[table.rowOf(id) ?? -1] ?? -1];
    if (status !== undefined) counts[status] = (counts[status] ?? 0) + 1;
  }
  return counts;
}

interface ChoiceProps {
  readonly name: BulkName;
  readonly table: PlanTable;
  readonly choice: Signal<BulkChoice>;
}

/** The fields of an action. */
function Choice({ name, table, choice }: ChoiceProps) {
  const set = (changes: Partial<BulkChoice>) => choice.value = { ...choice.value, ...changes };
  switch (name) {
    case "cancel":
    case "release":
      return (
        <label>
          Reason
          <input
            autofocus
            value={choice.value.reason}
            onInput={({ currentTarget }) => set({ reason: currentTarget.value })}
          />
        </label>
      );
    case "prioritize":
      return (
        <label>
          Priority
          <select
            autofocus
            value={choice.value.priority}
            onChange={({ currentTarget }) => set({ priority: currentTarget.value as Priority })}
          >
            {PRIORITIES.toReversed().map((priority) => <option key={priority} value={priority}>{priority}</option>)}
          </select>
        </label>
      );
    case "assign":
      return <AssignChoice table={table} choice={choice} />;
    case "move":
      return (
        <label>
          Group
          <input
            autofocus
            list="bulk-groups"
            value={choice.value.group}
            onInput={({ currentTarget }) => set({ group: currentTarget.value })}
          />
          <datalist id="bulk-groups">{table.groups.map((group) => <option key={group} value={group} />)}</datalist>
          <span class="quiet">Empty: no group</span>
        </label>
      );
    case "retry":
    case "archive":
    case "delete":
      return null;
    default:
      return name satisfies never;
  }
}

function AssignChoice({ table, choice }: Omit<ChoiceProps, "name">) {
  const { assignTo, assignee } = choice.value;
  const set = (changes: Partial<BulkChoice>) => choice.value = { ...choice.value, ...changes };
  return (
    <>
      <label>
        Reserve for
        <select
          autofocus
          value={assignTo}
          onChange={({ currentTarget }) => set({ assignTo: currentTarget.value as BulkChoice["assignTo"] })}
        >
          <option value="instance">an instance</option>
          <option value="role">a role</option>
          <option value="none">nobody</option>
        </select>
      </label>
      {assignTo !== "none" && (
        <label>
          {assignTo === "instance" ? "Instance" : "Role"}
          <input
            required
            list={assignTo === "instance" ? "bulk-instances" : undefined}
            value={assignee}
            onInput={({ currentTarget }) => set({ assignee: currentTarget.value })}
          />
          <datalist id="bulk-instances">
            {table.instances.map((instance) => <option key={instance} value={instance} />)}
          </datalist>
        </label>
      )}
    </>
  );
}

function Outcome({ result, done }: { readonly result: BulkResult; readonly done: string }) {
  const { changed, unchanged, refused, refused_count: refusedCount } = result;
  return (
    <div role="status">
      <p>
        {taskCount(changed)} {done}
        {unchanged > 0 && `, ${unchanged} were so already`}
        {refusedCount > 0 && `, ${refusedCount} refused`}.
      </p>
      {refused.length > 0 && (
        <ul class="refusals">
          {refused.map(({ id, message }) => (
            <li key={id}>
              <TaskLink id={id} /> <span class="refused">{message}</span>
            </li>
          ))}
          {refusedCount > refused.length && <li class="quiet">and {refusedCount - refused.length} more</li>}
        </ul>
      )}
    </div>
  );
}
