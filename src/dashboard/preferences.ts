/** What the user chose for this browser: colours and the way times are written. */

import { effect, signal } from "@preact/signals";
import type { Times } from "./time_format.ts";

export type Theme = "system" | "light" | "dark";

const KEY = "orchestrator-preferences";

export const theme = signal<Theme>("system");
export const times = signal<Times>("local");

/** Reads what was chosen, and keeps what will be. */
export function startPreferences(): void {
  const kept = readKept();
  if (kept.theme === "light" || kept.theme === "dark") theme.value = kept.theme;
  if (kept.times === "utc" || kept.times === "relative") times.value = kept.times;
  effect(() => {
    const chosen = { theme: theme.value, times: times.value };
    if (chosen.theme === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = chosen.theme;
    try {
      localStorage.setItem(KEY, JSON.stringify(chosen));
    } catch {
      // A browser that keeps nothing for this page: the choice holds until the page is closed.
    }
  });
}

/** Whether the page is dark now. */
export function isDark(): boolean {
  if (theme.value !== "system") return theme.value === "dark";
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

function readKept(): { readonly theme?: unknown; readonly times?: unknown } {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}");
  } catch {
    return {};
  }
}
