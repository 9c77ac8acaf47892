/**
 * A snapshot as text in lines, so that neither writing nor reading a large one takes long at a time. The first line has
 * all that is no list, and the names of the lists; each further line has one item: `[list, item]`.
 */

import type { Snapshot } from "../../core/state/snapshot.ts";
import { Slice } from "./slice.ts";

/** Characters that are gathered before they are yielded. */
const SLICE_CHARACTERS = 64 * 1024;

/** The first line. */
interface Head {
  readonly lists: readonly string[];
  readonly others: object;
}

/** The lines of a snapshot, several at a time. */
export async function* formatSnapshot(snapshot: Snapshot): AsyncIterable<string> {
  const fields = Object.entries(snapshot);
  const lists = fields.flatMap(([name, value]) => Array.isArray(value) ? [{ name, items: value as unknown[] }] : []);
  const others = Object.fromEntries(fields.filter(([, value]) => !Array.isArray(value)));
  let text = JSON.stringify({ lists: lists.map(({ name }) => name), others }) + "\n";
  const slice = new Slice();
  for (const { name, items } of lists) {
    for (const item of items) {
      text += JSON.stringify([name, item]) + "\n";
      if (text.length >= SLICE_CHARACTERS) {
        yield text;
        text = "";
      }
      await slice.pause();
    }
  }
  yield text;
}

/** The snapshot that was formatted. */
export async function parseSnapshot(text: AsyncIterable<string>): Promise<Snapshot> {
  let head: Head | undefined;
  const lists: Record<string, unknown[]> = {};
  const slice = new Slice();
  for await (const line of linesOf(text)) {
    // It was written by `formatSnapshot` and came back whole: see `postgres_checkpoints.ts`.
    if (head === undefined) {
      const first: Head = JSON.parse(line);
      for (const name of first.lists) lists[name] = [];
      head = first;
    } else {
      const [name, item]: [string, unknown] = JSON.parse(line);
      lists[name]?.push(item);
    }
    await slice.pause();
  }
  if (head === undefined) throw new SyntaxError("it is empty");
  const { others }: Head = head;
  return { ...others, ...lists } as unknown as Snapshot;
}

async function* linesOf(text: AsyncIterable<string>): AsyncIterable<string> {
  let rest = "";
  for await (const part of text) {
    const lines = (rest + part).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
}
