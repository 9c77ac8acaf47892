/** What happened in a schedule, operation by operation: a digest of all of it, and the last of it in words. */

import { hashOf } from "../history/random.ts";
import type { Operation } from "./messages.ts";

/** How many lines are kept. */
const KEPT = 40;

export class Trace {
  readonly #last: string[] = [];
  #digest = 0;
  #length = 0;

  add(line: string): void {
    this.#digest = hashOf(`${this.#digest} ${line}`);
    this.#length++;
    this.#last.push(line);
    if (this.#last.length > KEPT) this.#last.shift();
  }

  /** Tells apart what happened otherwise. */
  get digest(): string {
    return `${this.#length} ${this.#digest.toString(16)}`;
  }

  get last(): readonly string[] {
    return this.#last;
  }
}

/** An operation on a file, in words. */
export function describeOperation(operation: Operation, path: string, bytes: Uint8Array): string {
  const { name } = operation;
  if (name === "open") return `${name} ${path} to ${operation.mode}`;
  if (name === "rename") return `${name} ${path} to ${operation.to}`;
  if (name === "truncate") return `${name} ${path} to ${operation.sizeBytes}`;
  if (name === "readAt") return `${name} ${path} at ${operation.offset}`;
  return name === "write" ? `${name} ${path} ${bytes.length} bytes` : `${name} ${path}`;
}
