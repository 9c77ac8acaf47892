/** What opens below a button, and closes with Escape or when the user turns to something else. */

import { useSignal } from "@preact/signals";
import type { ComponentChildren, RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

export interface DropDownProps {
  readonly class: string;
  readonly label: string;
  /** The name of the button, where the label is only a sign. */
  readonly name?: string;
  readonly children: ComponentChildren;
}

export function DropDown({ class: kind, label, name, children }: DropDownProps) {
  const isOpen = useSignal(false);
  const menu = useLeave<HTMLDetailsElement>(isOpen.value, (element) => element.open = false);
  return (
    <details ref={menu} class={kind} onToggle={({ currentTarget }) => isOpen.value = currentTarget.open}>
      <summary aria-label={name}>{label}</summary>
      {isOpen.value && children}
    </details>
  );
}

/**
 * Calls back when the user leaves an element that is open. Returns the element's ref.
 *
 * @param leave closes it; called with the element
 */
export function useLeave<E extends HTMLElement>(isOpen: boolean, leave: (element: E) => void): RefObject<E | null> {
  const ref = useRef<E>(null);
  // Before what opens is painted: a user may press Escape as soon as it shows.
  useLayoutEffect(() => {
    const { current } = ref;
    return isOpen && current !== null ? onLeave(current, () => leave(current)) : undefined;
  }, [isOpen]);
  return ref;
}

/** Calls back when the user presses Escape, or turns to something outside an element; returns how to stop that. */
function onLeave(element: HTMLElement, leave: () => void): () => void {
  const ended = new AbortController();
  const { signal } = ended;
  const isOutside = ({ target }: Event) => target instanceof Node && !element.contains(target);
  const turn = (event: Event) => {
    if (isOutside(event)) leave();
  };
  document.addEventListener("pointerdown", turn, { signal });
  document.addEventListener("focusin", turn, { signal });
  element.addEventListener("keydown", (event) => {
    // Escape during input by an IME ends only that.
    if (event.key !== "Escape" || event.isComposing) return;
    event.preventDefault();
    leave();
    element.querySelector<HTMLElement>("summary, [aria-expanded]")?.focus();
  }, { signal });
  return () => ended.abort();
}
