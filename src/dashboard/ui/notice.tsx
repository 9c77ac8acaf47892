/** What a view shows in place of content: it loads, it failed, or there is nothing yet. */

import type { ComponentChildren } from "preact";

/** Something failed; the reason says what would work. */
export function Failed({ error, onRetry }: { readonly error: string; readonly onRetry?: (() => void) | undefined }) {
  return (
    <div class="notice" role="alert">
      <p>{error}</p>
      {onRetry !== undefined && <button type="button" onClick={onRetry}>Try again</button>}
    </div>
  );
}

/** There is nothing to show, and how that would change. */
export function Empty({ title, children }: { readonly title: string; readonly children?: ComponentChildren }) {
  return (
    <div class="notice">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

export function Loading() {
  return <p class="notice loading" role="status">Loading…</p>;
}
