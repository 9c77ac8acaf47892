/** What can be done with all selected tasks at once. */

import { moment } from "../../navigation.ts";
import { hasRole } from "../../session.ts";
import { BULK_KINDS, type BulkName } from "./bulk_actions.ts";
import { BulkButtons } from "./bulk_buttons.tsx";
import { clearSelection, selection } from "./selection.ts";

const NAMES = Object.keys(BULK_KINDS) as BulkName[];

export function BulkBar() {
  const { size } = selection.value;
  const mayChange = hasRole("planner") && moment.value === undefined;
  return (
    <div class={`bulk-bar ${size === 0 ? "empty" : ""}`} role="toolbar" aria-label="Actions on the selected tasks">
      <strong role="status">{size} selected</strong>
      {mayChange && <BulkButtons names={NAMES} selected={() => selection.peek()} onRemoved={clearSelection} />}
      <button type="button" class="link" onClick={clearSelection}>Clear selection</button>
    </div>
  );
}
