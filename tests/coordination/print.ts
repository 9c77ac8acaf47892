/** How a coordination run is put on the terminal, or on paper that is 80 columns wide and knows no colours. */

import type { Check } from "./check.ts";
import { type Entry, type Paper, timeline } from "./timeline.ts";

/** Columns of text that does not go to a terminal. */
const DEFAULT_COLUMNS = 80;

/** Prints to standard output. */
export class Printer {
  readonly #paper: Paper;

  constructor() {
    const isTerminal = Deno.stdout.isTerminal();
    this.#paper = {
      columns: isTerminal ? Deno.consoleSize().columns : DEFAULT_COLUMNS,
      hasColors: isTerminal && !Deno.noColor,
    };
  }

  /** Lines as they are, indented. */
  text(lines: readonly string[]): void {
    for (const line of lines) this.#line(line === "" ? "" : `  ${line}`);
  }

  heading(text: string): void {
    this.#line(`\n${this.#color(text, "1")}`);
  }

  /** A heading below another. */
  subheading(text: string): void {
    this.heading(`  ${text}`);
  }

  timeline(entries: readonly Entry[], workers: readonly string[]): void {
    this.#line("");
    for (const line of timeline(entries, workers, this.#paper)) this.#line(line);
  }

  checks(title: string, checks: readonly Check[]): void {
    this.text([title]);
    for (const { title, complaints } of checks) {
      const isGood = complaints.length === 0;
      this.#line(isGood ? `    ${this.#color("✓", "1;32")} ${title}` : `    ${this.#color(`✗ ${title}`, "1;31")}`);
      for (const complaint of complaints) this.#line(`        ${complaint}`);
    }
  }

  #line(text: string): void {
    console.log(text);
  }

  #color(text: string, code: string): string {
    return this.#paper.hasColors ? `\x1b[${code}m${text}\x1b[0m` : text;
  }
}
