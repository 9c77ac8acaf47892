/**
 * Redacts texts of a task everywhere. The record of the redaction comes first: it proves which lines may be rewritten, and
 * to what. Every process that reads it shows the texts no more. Then the lines are rewritten. Until that is done, a process
 * that loads a checkpoint made after the record still shows in the history what the lines have. Whatever interrupts it, a
 * repeat does the rest.
 */

import { askedConditions } from "../core/messages/asked_conditions.ts";
import { keysOfConditions, keysOfFilter } from "../core/messages/history.ts";
import type { Redaction } from "../core/messages/redact.ts";
import type { Caller } from "../core/model/access.ts";
import type { ResultCondition } from "../core/model/dependency.ts";
import { MAX_REDACTED_RECORDS } from "../core/model/limits.ts";
import type { RedactableField, RedactedRecord } from "../core/model/redaction.ts";
import { Refusal } from "../core/model/refusal.ts";
import type { Engine } from "./engine.ts";
import type { Checkpoints, RedactableJournal } from "./ports.ts";

/** Most characters of the JSON of the past conditions on a redacted result that its redaction names. */
const MAX_PAST_CONDITION_CHARACTERS = 512 * 1024;

export interface RedactOptions {
  readonly engine: Pick<Engine, "execute" | "query" | "search" | "catchUp" | "checkpoint" | "seq">;
  readonly journal: RedactableJournal;
  readonly checkpoints: Checkpoints;
  readonly caller: Caller;
}

export interface WantedRedaction {
  readonly id: string;
  readonly fields: readonly RedactableField[];
  readonly reason: string;
}

/** The result of a redaction. */
export interface Redacted {
  /** How many records had the texts. */
  readonly records: number;
  /** The records of the redaction; none if only copies were left of an interrupted one. */
  readonly seqs: readonly number[];
  /** The copies that were changed, by path. */
  readonly copies: readonly string[];
}

/**
 * Redacts texts of a task.
 *
 * @throws Refusal if there is no such text, or the caller has no right to it; nothing was changed
 * @throws Unavailable if the journal cannot be read or written; a repeat does what is left
 */
export async function redact(
  { engine, journal, checkpoints, caller }: RedactOptions,
  wanted: WantedRedaction,
): Promise<Redacted> {
  const { id, fields } = wanted;
  // Refuses before anything is read.
  await engine.query({ type: "plan_redaction", id, fields }, caller);
  const pastConditions = fields.includes("result") ? await pastConditionsOn(engine, id) : [];
  const redaction = await engine.query({ type: "plan_redaction", id, fields, pastConditions }, caller);
  const found = await journal.find(redaction);
  const seqs = await record({ engine, caller }, { ...wanted, pastConditions }, found);
  const clean = async () => {
    await engine.catchUp();
    const { snapshot, position } = await engine.checkpoint();
    await checkpoints.save(snapshot, position);
  };
  const copies = await journal.rewrite(redaction, { seqs, clean });
  return { records: found.length, seqs, copies };
}

/** Writes the records of a redaction; returns their seqs. */
async function record(
  { engine, caller }: Pick<RedactOptions, "engine" | "caller">,
  { id, fields, reason, pastConditions }: WantedRedaction & { readonly pastConditions: readonly ResultCondition[] },
  found: readonly RedactedRecord[],
): Promise<readonly number[]> {
  const seqs: number[] = [];
  try {
    for (let start = 0; start === 0 || start < found.length; start += MAX_REDACTED_RECORDS) {
      const records = found.slice(start, start + MAX_REDACTED_RECORDS);
      const isPartial = start + MAX_REDACTED_RECORDS < found.length;
      await engine.execute({ type: "redact_task", id, fields, reason, records, pastConditions, isPartial }, caller);
      seqs.push(await seqOfRedaction(engine, { id, records }));
    }
  } catch (error) {
    const isNothingLeft = found.length === 0 && error instanceof Refusal &&
      (error.code === "wrong_state" || error.code === "not_found");
    // An interrupted redaction may have left copies.
    if (!isNothingLeft || !await wasRedacted(engine, { id, fields })) throw error;
  }
  return seqs;
}

/** The seq of the newest redaction of these records: other processes may have appended after it. */
async function seqOfRedaction(
  engine: Pick<Engine, "search" | "seq">,
  { id, records }: { readonly id: string; readonly records: readonly RedactedRecord[] },
): Promise<number> {
  const wanted = JSON.stringify(records);
  const keys = keysOfFilter({ task: id, types: ["task.redacted"] });
  for await (const chunk of engine.search({ after: 0, before: engine.seq + 1, keys, isNewestFirst: true })) {
    const record = chunk.findLast(({ events }) => {
      return events.some((event) => {
        return event.type === "task.redacted" && event.id === id && JSON.stringify(event.records) === wanted;
      });
    });
    if (record !== undefined) return record.seq;
  }
  throw new Error(`The record of the redaction of task ${id} is not in the journal`);
}

/**
 * The conditions on the result of a task that the journal has, the newest first: without those of the past, what is read
 * from the redacted lines would not have become ready when it did. No more than one record of a redaction has room for.
 */
async function pastConditionsOn(
  engine: Pick<Engine, "search" | "seq">,
  id: string,
): Promise<readonly ResultCondition[]> {
  const conditions = new Map<string, ResultCondition>();
  let characters = 0;
  const search = { after: 0, before: engine.seq + 1, keys: keysOfConditions(id), isNewestFirst: true };
  for await (const records of engine.search(search)) {
    for (const { events } of records) {
      for (const { task, when } of askedConditions(events)) {
        const key = JSON.stringify(when);
        if (task !== id || conditions.has(key)) continue;
        characters += key.length;
        if (characters > MAX_PAST_CONDITION_CHARACTERS) return [...conditions.values()];
        conditions.set(key, when);
      }
    }
  }
  return [...conditions.values()];
}

async function wasRedacted(
  engine: Pick<Engine, "search" | "seq">,
  { id, fields }: Pick<Redaction, "id" | "fields">,
): Promise<boolean> {
  const keys = keysOfFilter({ task: id, types: ["task.redacted"] });
  for await (const records of engine.search({ after: 0, before: engine.seq + 1, keys, isNewestFirst: true })) {
    for (const { events } of records) {
      for (const event of events) {
        if (event.type === "task.redacted" && event.id === id && fields.every((each) => event.fields.includes(each))) {
          return true;
        }
      }
    }
  }
  return false;
}
