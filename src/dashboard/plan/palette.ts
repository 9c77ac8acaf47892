/**
 * The colours of all views, as data: canvases read them, `cssVariables` hands them to style sheets. A test holds them to
 * WCAG contrast (texts 4.5, marks 3) and keeps the statuses apart for readers with each kind of colour blindness.
 */
import type { Status } from "./statuses.ts";

export interface Palette {
  /** Behind everything. */
  readonly background: string;
  /** Cards, panels, and glyphs on a status's colour. */
  readonly surface: string;
  /** Cards of tasks that are over. */
  readonly receded: string;
  /** Boxes of groups. */
  readonly box: string;
  /** Borders that only decorate. */
  readonly line: string;
  readonly text: string;
  readonly muted: string;
  readonly edge: string;
  /** Selection, focus, hover. */
  readonly accent: string;
  readonly critical: string;
  /** Discs, tiles, bars. */
  readonly statuses: Readonly<Record<Status, string>>;
  /** The same hues for words. */
  readonly statusTexts: Readonly<Record<Status, string>>;
}

export const LIGHT: Palette = {
  background: "#fafbfc",
  surface: "#ffffff",
  receded: "#f7f9fa",
  box: "#f2f5f8",
  line: "#d5dce4",
  text: "#1a222d",
  muted: "#586474",
  edge: "#7d8998",
  accent: "#0b57d0",
  critical: "#c2187a",
  statuses: {
    ready: "#0192d1",
    waiting: "#888b9c",
    blocked: "#a15444",
    delayed: "#8d58dc",
    limited: "#337d73",
    in_progress: "#2146ca",
    completed: "#598f6a",
    failed: "#d8160a",
    cancelled: "#6b4a5e",
    skipped: "#a58833",
  },
  statusTexts: {
    ready: "#0073b0",
    waiting: "#696c7c",
    blocked: "#a15444",
    delayed: "#844ed2",
    limited: "#2e796f",
    in_progress: "#2146ca",
    completed: "#437855",
    failed: "#d8160a",
    cancelled: "#6b4a5e",
    skipped: "#866a06",
  },
};

export const DARK: Palette = {
  background: "#10141a",
  surface: "#1b2129",
  receded: "#171c23",
  box: "#151a21",
  line: "#303945",
  text: "#e6ebf1",
  muted: "#98a4b3",
  edge: "#6b7888",
  accent: "#8ab4ff",
  critical: "#ff7ac6",
  statuses: {
    ready: "#53bfff",
    waiting: "#838e9b",
    blocked: "#e78e3b",
    delayed: "#aa8bdd",
    limited: "#42b7a5",
    in_progress: "#5b86ff",
    completed: "#558c68",
    failed: "#f54d40",
    cancelled: "#8c6c8f",
    skipped: "#bd9878",
  },
  statusTexts: {
    ready: "#53bfff",
    waiting: "#838e9b",
    blocked: "#e78e3b",
    delayed: "#aa8bdd",
    limited: "#42b7a5",
    in_progress: "#5b86ff",
    completed: "#5f9772",
    failed: "#f74f42",
    cancelled: "#a281a5",
    skipped: "#bd9878",
  },
};

/** `--surface`, `--status-in-progress`, `--status-text-failed`: names and values for a style sheet. */
export function cssVariables(palette: Palette): readonly (readonly [name: string, value: string])[] {
  const { statuses, statusTexts, ...plain } = palette;
  const named = (prefix: string, colours: Readonly<Record<string, string>>) =>
    Object.entries(colours).map(([name, value]) => [`--${prefix}${name.replaceAll("_", "-")}`, value] as const);
  return [...named("", plain), ...named("status-", statuses), ...named("status-text-", statusTexts)];
}
