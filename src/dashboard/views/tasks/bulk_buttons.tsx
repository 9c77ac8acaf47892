/** Buttons for actions on tasks; each asks what it needs in a dialog. */

import { useSignal } from "@preact/signals";
import { plan } from "../../live/live_plan.ts";
import { BULK_KINDS, type BulkKind, type BulkName } from "./bulk_actions.ts";
import { BulkDialog } from "./bulk_dialog.tsx";

export interface BulkButtonsProps {
  readonly names: readonly BulkName[];
  /** The ids of the tasks, read when a button is pressed. */
  readonly selected: () => ReadonlySet<string>;
  /** Called when all of them have left the plan. */
  readonly onRemoved: () => void;
  readonly onClose?: () => void;
}

export function BulkButtons({ names, selected, onRemoved, onClose }: BulkButtonsProps) {
  const chosen = useSignal<BulkName | undefined>(undefined);
  const table = plan.value;
  return (
    <>
      {names.map((name) => {
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
      {chosen.value !== undefined && table !== undefined && (
        <BulkDialog
          key={chosen.value}
          name={chosen.value}
          table={table}
          selected={selected()}
          onRemoved={onRemoved}
          onClose={() => {
            chosen.value = undefined;
            onClose?.();
          }}
        />
      )}
    </>
  );
}
