/** Speaks for the page to those who do not see it: what was done, and what the canvas shows. */

import { signal } from "@preact/signals";

const said = signal("");

/** Says a sentence through the live region of the page. */
export function announce(sentence: string): void {
  said.value = sentence;
}

export function Announcer() {
  return <p class="hidden-text" role="status" aria-live="polite">{said}</p>;
}
