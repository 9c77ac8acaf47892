/** The log for the operator. It goes to standard error, because standard output carries the protocol. */

import { LOG_LEVELS, type LogLevel, type LogOptions } from "../app/log_options.ts";
import type { Log, LogFacts } from "../app/ports.ts";

/** A log that also tells of single calls. */
export interface LeveledLog extends Log {
  debug(message: string, facts?: LogFacts): void;
  readonly level: LogLevel;
}

/** Control characters except line feed, and line separators: a terminal would act on them. */
const CONTROLS = /[^\P{Cc}\n]|[\u2028\u2029]/gu;

/** How a level is called in a line for people. */
const NAMES: Readonly<Record<LogLevel, string>> = { error: "error", warn: "warning", info: "info", debug: "debug" };

/** A log that writes one entry a message; in lines for people, further lines of a message are indented. */
export function createLog(
  write: (entry: string) => void,
  { level = "info", format = "pretty" }: LogOptions = {},
): LeveledLog {
  const entryOf = format === "json" ? jsonEntry : prettyEntry;
  const most = LOG_LEVELS.indexOf(level);
  const writer = (own: LogLevel) => (message: string, facts: LogFacts = {}) => {
    if (LOG_LEVELS.indexOf(own) <= most) write(entryOf(own, message, facts));
  };
  return { level, debug: writer("debug"), info: writer("info"), warn: writer("warn"), error: writer("error") };
}

function prettyEntry(level: LogLevel, message: string, facts: LogFacts): string {
  const [first = "", ...rest] = message.split("\n");
  const shown = Object.entries(facts).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${quoted(value)}`]
  );
  const text = [[first, ...shown].join(" "), ...rest].join("\n  ").replaceAll(CONTROLS, " ");
  return `${new Date().toISOString()} orchestrator ${NAMES[level]}: ${text}`;
}

/** A value in quotes, unless it is one word. */
function quoted(value: string | number): string {
  const text = String(value);
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text);
}

function jsonEntry(level: LogLevel, message: string, facts: LogFacts): string {
  return JSON.stringify({ time: new Date().toISOString(), level, message, ...facts });
}
