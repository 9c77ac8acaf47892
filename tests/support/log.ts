/** A log that keeps its messages for tests. */

import type { Log, LogFacts } from "../../src/app/ports.ts";

export class RecordingLog implements Log {
  readonly infos: string[] = [];
  readonly warnings: string[] = [];
  readonly errors: string[] = [];
  /** Those of all messages. */
  readonly facts: LogFacts[] = [];

  info(message: string, facts: LogFacts = {}): void {
    this.infos.push(message);
    this.facts.push(facts);
  }

  warn(message: string, facts: LogFacts = {}): void {
    this.warnings.push(message);
    this.facts.push(facts);
  }

  error(message: string, facts: LogFacts = {}): void {
    this.errors.push(message);
    this.facts.push(facts);
  }
}
