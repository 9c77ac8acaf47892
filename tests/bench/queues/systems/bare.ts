/**
 * The floor: a statement that appends records if the head is where it is expected, and nothing else. Several processes
 * share the head, and lock it before. It has no jobs.
 */

import postgres from "postgres";
import type { Queue, QueueOptions } from "../queue.ts";

/** Records of a batch. */
const RECORDS = 32;

/** About as long as a record. */
const RECORD = "x".repeat(290);

export async function openBare({ url, processes, isBatched }: QueueOptions): Promise<Queue> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  await sql`create table if not exists heads (number int primary key, seq bigint not null) with (fillfactor = 20)`;
  await sql`create table if not exists records (head int, seq bigint, line text not null, primary key (head, seq))`;
  await sql`insert into heads values (1, 0) on conflict do nothing`;
  const lines = Array.from({ length: isBatched ? RECORDS : 1 }, () => RECORD);
  const append = async (seq: number) => {
    const added = await sql`with moved as (
      update heads set seq = seq + ${lines.length} where number = 1 and seq = ${seq} returning number
    ) insert into records select moved.number, ${seq}::bigint + lines.place, lines.line
    from moved, unnest(${lines}::text[]) with ordinality as lines(line, place) returning seq`;
    if (added.length !== lines.length) throw new Error("The head was elsewhere");
  };
  let end = 0;
  const appendAlone = async () => {
    await append(end);
    end += lines.length;
  };
  const appendLocked = async () => {
    const lock = sql<{ seq: number }[]>`select seq::float8 as seq from heads where number = 1 for update`;
    const [, [head]] = await Promise.all([sql.unsafe("begin"), lock]);
    await Promise.all([append(head?.seq ?? 0), sql.unsafe("commit")]);
  };
  return {
    addedAtOnce: lines.length,
    add: processes === 1 ? appendAlone : appendLocked,
    async fill() {},
    async work() {},
    remaining: () => Promise.resolve(0),
    [Symbol.asyncDispose]: () => sql.end(),
  };
}
