/** The task that the keyboard is on, in a view that shows many. */

import { type Signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { selectedTask, setParams } from "../../navigation.ts";

export interface Cursor {
  /** "" for none. */
  readonly id: Signal<string>;
  /** Raised when the user has moved it. */
  readonly moves: Signal<number>;
  /** Moves it. A task that is shown beside the view is replaced. */
  readonly moveTo: (id: string) => void;
}

/** @param home takes the focus when the task beside the view is closed */
export function useCursor(home: () => HTMLElement | null | undefined): Cursor {
  const id = useSignal(selectedTask.value);
  const moves = useSignal(0);
  const shown = selectedTask.value;
  useEffect(() => {
    if (shown !== "") id.value = shown;
    else if (document.activeElement === document.body && id.value !== "") home()?.focus({ preventScroll: true });
  }, [shown]);
  return {
    id,
    moves,
    moveTo(next) {
      id.value = next;
      moves.value++;
      if (selectedTask.value !== "") setParams({ task: next }, { replace: true });
    },
  };
}
