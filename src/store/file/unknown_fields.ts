/**
 * Finds fields in a tasks file that no task has. A field that looks misspelt is refused with the right name; the others
 * are left out with a warning that names them. None is dropped silently.
 */

import * as z from "zod";
import { MAX_NAMED } from "../../core/model/limits.ts";
import { meantBy } from "../../core/model/resembling.ts";
import { printable } from "../../core/model/values.ts";

interface Place {
  /** The key of the task. */
  readonly task: string;
  /** Names of the enclosing fields, each followed by a dot. */
  readonly path?: string;
}

export class UnknownFields {
  /** For each unknown field, the first task that has it. At most `MAX_NAMED` + 1 fields. */
  readonly #firstTasks = new Map<string, string>();

  /**
   * Records the fields of a value that its schema does not have, at any depth.
   *
   * @throws SyntaxError if a field looks misspelt, or a task has only unknown fields
   */
  note(schema: z.core.$ZodType, value: unknown, place: Place): void {
    const inner = withoutWrappers(schema);
    if (inner instanceof z.ZodArray && Array.isArray(value)) {
      for (const element of value) this.note(inner.element, element, place);
    }
    if (inner instanceof z.ZodObject && typeof value === "object" && value !== null) {
      this.#noteFields(inner, value, place);
    }
  }

  /** A message that names the unknown fields; undefined if there are none. */
  get warning(): string | undefined {
    if (this.#firstTasks.size === 0) return undefined;
    const named = Array.from(this.#firstTasks, ([field, task]) => `${field} (of ${task})`).slice(0, MAX_NAMED);
    const more = this.#firstTasks.size > named.length ? " and more" : "";
    return `Fields that no task has were left out: ${named.join(", ")}${more}`;
  }

  #noteFields(schema: z.ZodObject, value: object, { task, path = "" }: Place): void {
    const known = Object.keys(schema.shape);
    const names = Object.keys(value);
    for (const [name, field] of Object.entries(value)) {
      const fieldSchema = Object.hasOwn(schema.shape, name) ? schema.shape[name] : undefined;
      if (fieldSchema === undefined) this.#noteUnknown(name, known, { task, path });
      else this.note(fieldSchema, field, { task, path: `${path}${name}.` });
    }
    if (path === "" && names.length > 0 && !names.some((name) => known.includes(name))) {
      throw new SyntaxError(
        `It is not an object of tasks: at ${printable(task)}: it has no field of a task, but ${
          names.slice(0, MAX_NAMED).map(printable).join(", ")
        }; tasks have description, dependencies, status and others, and are keyed by their ids`,
      );
    }
  }

  #noteUnknown(name: string, known: readonly string[], { task, path = "" }: Place): void {
    const meant = meantBy(name, known);
    if (meant !== undefined) {
      throw new SyntaxError(
        `It has a field that no task has: at ${printable(task)}.${path}${printable(name)}: write ${path}${meant}, if ` +
          "that is meant, or remove it",
      );
    }
    const full = path + printable(name);
    if (this.#firstTasks.size <= MAX_NAMED && !this.#firstTasks.has(full)) this.#firstTasks.set(full, printable(task));
  }
}

/** The schema inside of `optional`, `nullable` and `default`. */
function withoutWrappers(schema: z.core.$ZodType): z.core.$ZodType {
  const isWrapper = schema instanceof z.ZodOptional || schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault;
  return isWrapper ? withoutWrappers(schema.unwrap()) : schema;
}
