/** Keyboard shortcuts: single keys, which do nothing while the user types. */

import { useLayoutEffect } from "preact/hooks";

export interface Shortcut {
  /** As in `KeyboardEvent.key`: `/`, `j`, `Escape`. */
  readonly key: string;
  /** For the list of shortcuts. */
  readonly what: string;
  readonly run: () => void;
}

const shortcuts = new Set<Shortcut>();

/** The shortcuts that hold now, the newest first. */
export function currentShortcuts(): readonly Shortcut[] {
  return Array.from(shortcuts).reverse();
}

/** Adds shortcuts while a component is there; of two for the same key, the newer one holds. */
export function useShortcuts(own: readonly Shortcut[], dependencies: readonly unknown[] = []): void {
  // At once, so that the next key is heard: g, then a letter.
  useLayoutEffect(() => {
    for (const shortcut of own) shortcuts.add(shortcut);
    return () => {
      for (const shortcut of own) shortcuts.delete(shortcut);
    };
  }, dependencies);
}

/** Listens for keys, until the page ends. */
export function startShortcuts(): void {
  addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter") return sendForm(event);
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (isTyping(event.target) || isMovingSlider(event) || document.querySelector("dialog[open]") !== null) return;
    const found = currentShortcuts().find(({ key }) => key === event.key);
    if (found === undefined) return;
    event.preventDefault();
    found.run();
  });
}

/** Enter alone begins a line where several can be typed. */
function sendForm({ target }: KeyboardEvent): void {
  if (!(target instanceof HTMLTextAreaElement)) return;
  target.form?.querySelector<HTMLButtonElement>("[type=submit]:not(:disabled)")?.click();
}

function isMovingSlider({ target, key }: KeyboardEvent): boolean {
  return target instanceof HTMLInputElement && target.type === "range" && /^(Arrow|Page|Home|End)/.test(key);
}

/** Inputs into which nothing is typed. */
const UNTYPED: readonly string[] = ["checkbox", "radio", "range"];

function isTyping(target: EventTarget | null): boolean {
  if (target instanceof HTMLInputElement) return !UNTYPED.includes(target.type);
  return target instanceof HTMLElement && (target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName));
}
