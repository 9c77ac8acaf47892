/**
 * Whether each record, and each answer, is what the rules say at its place: the journal is carried out again, command
 * by command as the calls asked for them, and must come to the recorded events and the given answers.
 *
 * A call without a record has no place of its own: it was decided after the last record that its process knew when it
 * answered, or among those that went with it in one batch. Its time is the one that its journal saw, which it said.
 * Where the store's answers may be lost (`losesAnswers`), and others wrote meanwhile, an answer may be that of any record up
 * to the last one that its process knew.
 * Not compared: what `comparable.ts` leaves out, calls that were never answered and left no record, and redactions, whose
 * records are the store's to find. Lines that they name may be redacted already.
 */

import { localOperator } from "../../../src/core/model/access.ts";
import { isDeepStrictEqual as equal } from "node:util";
import { applyWithConsequences } from "../../../src/core/state/cascade.ts";
import type { CommandOf, CommandType, Context } from "../../../src/core/messages/commands.ts";
import { decide, refusedEvents } from "../../../src/core/rules/decide.ts";
import type { Event, JournalRecord } from "../../../src/core/messages/events.ts";
import { redactEvents, type Redaction } from "../../../src/core/messages/redact.ts";
import { advanceClock, evolveRecord } from "../../../src/core/state/evolve.ts";
import { Refusal } from "../../../src/core/model/refusal.ts";
import { restore, snapshotOf } from "../../core/snapshot.ts";
import { emptyState, type ReadonlyState, type State } from "../../../src/core/state/state.ts";
import { isSweepDue } from "../../../src/core/state/timers.ts";
import { type Call, type Outcome, readTasks } from "./call_log.ts";
import { comparable } from "./comparable.ts";
import { type History, recordsByCall, SWEEPER, type Violation } from "./history.ts";

/** Ends at the first violation, as what follows it follows from it. */
export function checkReplay(history: History): readonly Violation[] {
  const { records, calls } = history;
  const written = recordsByCall(history);
  const byName = new Map(calls.map((call) => [call.call, call]));
  const unwritten = placesOf(
    calls.filter(({ call, request }) => !written.has(call) && request.type !== "redact_task"),
    records,
  );
  const redactions = redactionsOf(records);
  const state = emptyState();
  let settled: readonly Settled[] = [];
  for (let seq = 0; seq <= records.length; seq++) {
    const record = records[seq - 1];
    if (record !== undefined) {
      const violation = replay(state, record, {
        call: byName.get(record.actor),
        isFirst: !isSameBatch(records[seq - 2], record),
        redactions: redactions.get(seq) ?? [],
        isSettledLater: (call) => history.losesAnswers === true && isOtherBetween(records, seq, call),
      });
      if (violation !== undefined && "complaint" in violation) return [violation];
      settled = settled.filter(({ outcome, call }) => !isAnsweredBy(outcome, state, call));
      if (violation !== undefined) settled = [...settled, violation];
      const late = settled.find(({ call }) => (call.end?.seq ?? 0) <= seq);
      if (late !== undefined) return [late.violation];
    }
    for (const place of unwritten.get(seq) ?? []) {
      const violation = revisit(state, place, seq);
      if (violation !== undefined) return [violation];
    }
  }
  return [];
}

/** A call with a record whose answer may be that of a later state. */
interface Settled {
  readonly call: Call;
  readonly outcome: Decided["outcome"];
  /** What is wrong if no later state has that answer. */
  readonly violation: Violation;
}

/**
 * Whether another process wrote between a record and what the process of its call knew when it answered. Of a sweep, nobody
 * knows the process; but one of the same batch has the same time.
 */
function isOtherBetween(records: readonly JournalRecord[], seq: number, { process, end }: Call): boolean {
  const at = records[seq - 1]?.at;
  return records.slice(seq, end?.seq).some((record) => {
    return record.actor === SWEEPER ? record.at !== at : !record.actor.startsWith(`${process}#`);
  });
}

function isAnsweredBy(outcome: Decided["outcome"], state: ReadonlyState, { end }: Call): boolean {
  if (end === undefined) return false;
  try {
    return equal(comparable(outcome(state)), comparable(end.outcome));
  } catch (error) {
    // What the answer was to show is there no more.
    if (error instanceof Refusal) return false;
    throw error;
  }
}

/** Whether two records that follow one another were, by all signs, made at once by one process. */
function isSameBatch(before: JournalRecord | undefined, { actor, at }: JournalRecord): boolean {
  if (before === undefined || before.at !== at) return false;
  return before.actor === SWEEPER || before.actor.split("#")[0] === actor.split("#")[0];
}

/**
 * Carries a record out again. The state is then as after it.
 *
 * @param asked its call, whether it is the first of its batch, before which all that is due must have happened, and the
 * redactions that name it
 */
function replay(
  state: State,
  record: JournalRecord,
  { call, isFirst, redactions, isSettledLater }: {
    readonly call: Call | undefined;
    readonly isFirst: boolean;
    readonly redactions: readonly Redaction[];
    readonly isSettledLater: (call: Call) => boolean;
  },
): Violation | Settled | undefined {
  const complain = (complaint: string, details: readonly unknown[] = []): Violation => ({
    complaint: [`record ${record.seq}: ${complaint}`, ...details.map((detail) => JSON.stringify(detail))].join("\n"),
    seqs: [record.seq],
    calls: call === undefined ? [] : [call],
  });
  advanceClock(state, record.at);
  // The clock may have been behind the record before, whose time the record has then.
  const context = { ...contextAt(state, record.at, record.actor), clock: call?.end?.journalAt ?? record.at };
  const isSweep = record.actor === SWEEPER && record.command === "sweep";
  const request = isSweep ? { type: "sweep" as const } : call?.request;
  // A command whose call nobody knows is for another check.
  if (request === undefined || request.type === "read" || request.type === "redact_task") {
    return void evolveRecord(state, record);
  }
  if (isFirst && request.type !== "sweep" && isSweepDue(state, context.now)) {
    return complain("something was due before it");
  }
  const decided = decideAt(state, request as CommandOf<CommandType>, context);
  const events = applyWithConsequences(state, decided.events, record.at);
  const isAsDecided = formsOf(events, redactions).some((form) => equal(plain(form), record.events));
  if (!isAsDecided) return complain("the rules give other events", [events, record.events]);
  const { end } = call ?? {};
  if (end === undefined || end.outcome.type === "unavailable") return undefined;
  const answer = comparable(decided.outcome(state));
  if (equal(answer, comparable(end.outcome))) return undefined;
  const violation = complain("the rules give another answer", [answer, comparable(end.outcome)]);
  return call !== undefined && isSettledLater(call) ? { call, outcome: decided.outcome, violation } : violation;
}

/** The redactions that name each record, in their order. */
function redactionsOf(records: readonly JournalRecord[]): ReadonlyMap<number, readonly Redaction[]> {
  const byRecord = new Map<number, Redaction[]>();
  for (const event of records.flatMap(({ events }) => events)) {
    if (event.type !== "task.redacted") continue;
    for (const [seq] of event.records) byRecord.set(seq, [...byRecord.get(seq) ?? [], event]);
  }
  return byRecord;
}

/** Events as they were and after each redaction, which left them as before if it was interrupted: few name one record. */
function formsOf(events: readonly Event[], redactions: readonly Redaction[]): readonly (readonly Event[])[] {
  return redactions.reduce<readonly (readonly Event[])[]>((forms, redaction) => {
    return [...forms, ...forms.map((form) => redactEvents(form, redaction))];
  }, [events]);
}

/** A call without a record, and how many places are left where it may have been decided. */
interface Place {
  readonly call: Call;
  readonly end: NonNullable<Call["end"]>;
  readonly last: number;
  isFound: boolean;
}

/** Calls that were answered and left no record, by each seq after which they may have been decided. */
function placesOf(calls: readonly Call[], records: readonly JournalRecord[]): ReadonlyMap<number, readonly Place[]> {
  const places = new Map<number, Place[]>();
  for (const call of calls) {
    const { end } = call;
    if (end === undefined || end.outcome.type === "unavailable") continue;
    const place = { call, end, last: lastPlaceOf(call, end, records), isFound: false };
    for (let seq = firstPlaceOf(call, end, records); seq <= place.last; seq++) {
      const those = places.get(seq);
      if (those === undefined) places.set(seq, [place]);
      else those.push(place);
    }
  }
  return places;
}

/** Before the records of the batch that ended with the answer. */
function firstPlaceOf(call: Call, end: NonNullable<Call["end"]>, records: readonly JournalRecord[]): number {
  let seq = Math.min(end.seq, records.length);
  for (let record = records[seq - 1]; record !== undefined && seq > call.seq; record = records[--seq - 1]) {
    if (!isOfBatch(record, { before: records[seq - 2], call, end })) break;
  }
  return seq;
}

/** After those records: of a batch that could be written in part only, a process does not know the ones that stand. */
function lastPlaceOf(call: Call, end: NonNullable<Call["end"]>, records: readonly JournalRecord[]): number {
  let seq = Math.min(end.seq, records.length);
  for (let record = records[seq]; record !== undefined; record = records[++seq]) {
    if (!isOfBatch(record, { before: records[seq - 1], call, end })) break;
  }
  return seq;
}

/** The records of a batch have the time that its journal saw, or that of the record before, if that is later. */
function isOfBatch(
  { actor, at }: JournalRecord,
  { before, call: { process }, end: { journalAt } }: {
    readonly before: JournalRecord | undefined;
    readonly call: Call;
    readonly end: NonNullable<Call["end"]>;
  },
): boolean {
  return (actor === SWEEPER || actor.startsWith(`${process}#`)) && at === Math.max(journalAt, before?.at ?? journalAt);
}

/** Decides a call without a record at one of its places. The state stays as it is. */
function revisit(state: State, place: Place, seq: number): Violation | undefined {
  if (place.isFound) return undefined;
  const { call, end, last } = place;
  const found = withoutTrace(state, call, end.journalAt);
  place.isFound = found.events.length === 0 && equal(found.outcome, comparable(end.outcome));
  if (place.isFound || seq < last) return undefined;
  const why = found.events.length > 0
    ? ["the rules give events, and it has no record", JSON.stringify(found.events)]
    : ["the rules give another answer", JSON.stringify(found.outcome), JSON.stringify(comparable(end.outcome))];
  return { complaint: `${call.call} after record ${seq}: ${why.join("\n")}`, seqs: [seq], calls: [call] };
}

function withoutTrace(
  state: State,
  { call: name, request }: Call,
  at: number,
): { events: readonly Event[]; outcome: unknown } {
  if (request.type === "read") {
    return {
      events: [],
      outcome: comparable({
        type: "answered",
        answer: readTasks({ tasks: Array.from(state.tasks.values(), ({ task }) => task) }),
      }),
    };
  }
  const then = stateAt(state, at);
  const decided = decideAt(then, request as CommandOf<CommandType>, contextAt(then, at, name));
  // Without events the state after them is the state before.
  const outcome = decided.events.length === 0 ? comparable(decided.outcome(then)) : undefined;
  return { events: decided.events, outcome };
}

/** The state at a time that may be after that of the next record: then a copy. */
function stateAt(state: State, at: number): State {
  if ((state.delayTimers.entries[0]?.at ?? Infinity) > at) return state;
  const copy = restore(snapshotOf(state));
  advanceClock(copy, at);
  return copy;
}

interface Decided {
  readonly events: readonly Event[];
  readonly outcome: (after: ReadonlyState) => Outcome;
}

/** What the engine makes of a decision: a refused command has events too, where its instance is alive. */
function decideAt(state: ReadonlyState, command: CommandOf<CommandType>, context: Context): Decided {
  try {
    const { events, answer } = decide(state, command, context);
    return { events, outcome: (after) => ({ type: "answered", answer: answer(after) }) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { code, message, data } = error;
    const events = refusedEvents(state, command, context);
    return { events, outcome: () => ({ type: "refused", code, message, data }) };
  }
}

function contextAt(state: ReadonlyState, at: number, actor: string): Context {
  return { caller: localOperator(actor), now: Math.max(at, state.recordedAt), clock: at, defaults: {} };
}

/** As it is after being written and read. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
