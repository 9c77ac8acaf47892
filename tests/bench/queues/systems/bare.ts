/** The floor: a statement that appends records if the head is where it is expected, and nothing else. It has no jobs. */

import postgres from "postgres";
import type { Queue, QueueOptions } from "../queue.ts";

/** Records of a batch. */
const RECORDS = 32;

/** About as long as a record. */
const RECORD = "x".repeat(290);

export async function openBare({ url, index, isBatched }: QueueOptions): Promise<Queue> {
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  await sql`create table if not exists heads (number int primary key, seq bigint not null)`;
  await sql`create table if not exists records (head int, seq bigint, line text not null, primary key (head, seq))`;
  await sql`insert into heads values (${index}, 0)`;
  const lines = Array.from({ length: isBatched ? RECORDS : 1 }, () => RECORD);
  let seq = 0;
  return {
    addedAtOnce: lines.length,
    async add() {
      const added = await sql`with moved as (
        update heads set seq = seq + ${lines.length} where number = ${index} and seq = ${seq} returning number
      ) insert into records select moved.number, ${seq}::bigint + lines.place, lines.line
      from moved, unnest(${lines}::text[]) with ordinality as lines(line, place) returning seq`;
      if (added.length !== lines.length) throw new Error("The head was elsewhere");
      seq += lines.length;
    },
    async fill() {},
    async work() {},
    remaining: () => Promise.resolve(0),
    [Symbol.asyncDispose]: () => sql.end(),
  };
}
