/** What can be done with all selected tasks at once. */

import { useSignal } from "@preact/signals";
import { moment } from "../../navigation.ts";
import type { PlanTable } from "../../plan/plan_table.ts";
import { hasRole } from "../../session.ts";
import { BULK_KINDS, type BulkKind, type BulkName } from "./bulk_actions.ts";
import { BulkDialog } from "./bulk_dialog.tsx";
import { clearSelection, selection } from "./selection.ts";

export function BulkBar({ table }: { readonly table: PlanTable }) {
  const chosen = useSignal<BulkName | undefined>(undefined);
  const { size } = selection.value;
  if (size === 0 && chosen.value === undefined) return null;
  const names = Object.keys(BULK_KINDS) as BulkName[];
  const mayChange = hasRole("planner") && moment.value === undefined;
  return (
    <div class="bulk-bar" role="toolbar" aria-label="Actions on the selected tasks">
      <strong role="status">{size} selected</strong>
      {mayChange && names.map((name) => {
        const { label, warning }: BulkKind = BULK_KINDS[name];
        return (
          <button
            key={name}
            type="button"
            class={warning === undefined ? "" : "danger"}
            onClick={() => chosen.value = name}
          >
            {label}…
          </button>
        );
      })}
      <button type="button" class="link" onClick={clearSelection}>Clear selection</button>
      {chosen.value !== undefined && (
        <BulkDialog
          key={chosen.value}
          name={chosen.value}
          table={table}
          selected={selection.peek()}
          onRemoved={clearSelection}
          onClose={() => chosen.value = undefined}
        />
      )}
    </div>
  );
}
