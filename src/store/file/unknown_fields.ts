/**
 * Fields of a file's tasks that no task has. Nothing is dropped in silence: one that resembles a field of a task is
 * refused with the right name, the others are passed over and named.
 */

import { z } from "zod";
import { MAX_NAMED } from "../../core/model/limits.ts";
import { meantBy } from "../../core/model/resembling.ts";
import { printable } from "../../core/model/values.ts";

interface Place {
  /** The key of the task. */
  readonly task: string;
  /** Names of the fields around it, each followed by a dot. */
  readonly path?: string;
}

export class UnknownFields {
  /** The first task that has it, by the name of each field; one more of these than are named. */
  readonly #firstTasks = new Map<string, string>();

  /**
   * Notes what a value has besides the fields of its schema, at any depth.
   *
   * @throws SyntaxError if one of them resembles a field, or a task has nothing but unknown ones
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

  /** The unknown fields in words. */
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

/** A schema without what says that it may be missing or null, or stands in for it. */
function withoutWrappers(schema: z.core.$ZodType): z.core.$ZodType {
  const isWrapper = schema instanceof z.ZodOptional || schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault;
  return isWrapper ? withoutWrappers(schema.unwrap()) : schema;
}
