/** A history as good as it gets, made by one engine in memory, for the checks to be tried on when it is doctored. */

import { Engine } from "../../../src/app/engine.ts";
import type { JournalRecord } from "../../../src/core/messages/events.ts";
import { MemoryJournal, noCheckpoints } from "../../../src/store/memory/memory_journal.ts";
import { claim, complete, create, newTask, taskWith } from "../../core/given.ts";
import { RecordingLog } from "../../support/log.ts";
import type { Call, Request } from "./call_log.ts";
import { answerOf, perform } from "./caller.ts";
import type { History } from "./history.ts";
import { outcomeOf } from "./outcome.ts";

/** What is asked for, in order; the nth call is `w0.1#n`. */
const REQUESTS: readonly Request[] = [
  create(newTask("a"), newTask("b", "a"), taskWith({ timeoutMs: 50 }, "c")),
  claim("ann", "a"),
  { type: "read" },
  claim("ben", "b"),
  complete("ann", "a", "w0.1#5"),
  claim("ben", "c"),
  { type: "heartbeat", instance: "ben" },
  { type: "report_progress", id: "c", instance: "ben", percent: 10, message: "w0.1#8" },
  complete("ben", "c", "w0.1#9"),
  claim("ann", "b"),
  claim("ben"),
];

/** The history of the sample's calls, one after the other: the nth is asked at 10n and answered at 10n + 5. */
export async function sampleHistory(): Promise<History> {
  let time = 1_000;
  const now = () => time;
  const journal = new MemoryJournal(now);
  const engine = await Engine.start({ journal, checkpoints: noCheckpoints, log: new RecordingLog() });
  const calls: Call[] = [];
  for (const [index, request] of REQUESTS.entries()) {
    const call = `w0.1#${index + 1}`;
    const { seq } = engine;
    time += 10;
    const outcome = await outcomeOf(perform(engine, request, call).then((answer) => answerOf(request, answer)));
    const at = 10 * (index + 1);
    calls.push({
      call,
      process: "w0.1",
      request,
      at,
      seq,
      end: { outcome, at: at + 5, seq: engine.seq, journalAt: time },
    });
  }
  await engine.close();
  const chunks = await Array.fromAsync(journal.read(journal.origin));
  // As read from a file, where nothing is undefined.
  return JSON.parse(JSON.stringify({ records: chunks.flatMap(({ records }) => records), calls }));
}

/** The history with one call changed. */
export function withCall(history: History, name: string, change: (call: Call) => Call): History {
  return { ...history, calls: history.calls.map((call) => call.call === name ? change(call) : call) };
}

/** The history with one record changed. */
export function withRecord(history: History, seq: number, change: (record: JournalRecord) => JournalRecord): History {
  return { ...history, records: history.records.map((record) => record.seq === seq ? change(record) : record) };
}

/** The history with its records in another order, or fewer or more, numbered anew. */
export function withRecords(history: History, records: readonly JournalRecord[]): History {
  return { ...history, records: records.map((record, index) => ({ ...record, seq: index + 1 })) };
}
