/** How much the log says, and in which form. */

/** From the one that says least to the one that says most. */
export const LOG_LEVELS = ["error", "warn", "info", "debug"] as const;

export type LogLevel = typeof LOG_LEVELS[number];

/** `pretty`: a line for people, with the facts at its end. `json`: an object on one line. */
export const LOG_FORMATS = ["pretty", "json"] as const;

export type LogFormat = typeof LOG_FORMATS[number];

export interface LogOptions {
  /** Messages of further levels are dropped. Default: `info`. */
  readonly level?: LogLevel;
  /** Default: `pretty`. */
  readonly format?: LogFormat;
}
