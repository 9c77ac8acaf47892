/** Shows that `state.json` is written in bounded slices, in a form that every version can check, and read back the same. */

import { assert, assertEquals } from "@std/assert";
import { EMPTY_SKETCH } from "../../../src/core/model/sketch.ts";
import { SNAPSHOT_VERSION } from "../../../src/core/state/snapshot.ts";
import { NO_OUTCOMES } from "../../../src/core/state/statistics.ts";
import { sha256 } from "../../../src/store/file/hash.ts";
import { readStateHead } from "../../../src/store/file/state_head.ts";
import {
  type CheckpointState,
  formatStateFile,
  parseStateFile,
  readStateFile,
} from "../../../src/store/file/state_file.ts";
import { times } from "../../core/given.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";

type State = Omit<CheckpointState, "version">;

const STATE = "/data/state.json";

/** Characters that a slice may have beyond its longest line. */
const SLICE_CHARACTERS = 256 * 1024;

/** Bytes of a file that are read at once. */
const CHUNK_BYTES = 64 * 1024;

function test(name: string, fn: () => void | Promise<void>): void {
  Deno.test({ name, permissions: "none", fn });
}

test("a written state is read back, and its digest is what every version computes", () => {
  for (const state of [stateOf({}), stateOf({ groups: 1, instances: 1, versions: [1] }), LARGE]) {
    const text = textOf(state);
    assertEquals(parseStateFile(encode(text)), { type: "known", state: { version: SNAPSHOT_VERSION, ...state } });
    const { sha256: digest, ...body } = JSON.parse(text);
    assertEquals(digest, sha256(JSON.stringify(body)));
    assertEquals(Object.keys(body).slice(0, 2), ["version", "position"]);
  }
});

test("no slice has much more than its bound, however many groups, instances or versions of one template there are", () => {
  for (
    const state of [
      stateOf({ groups: 9_000 }),
      stateOf({ instances: 9_000 }),
      stateOf({ requests: 20_000 }),
      stateOf({ ids: 40_000 }),
      stateOf({ versions: [2_000] }),
    ]
  ) {
    const slices = [...formatStateFile(state)];
    assert(slices.length > 3, `${slices.length} slices`);
    const longest = Math.max(...slices.flatMap((slice) => slice.split("\n")).map((line) => line.length));
    assert(longest < 2_000, `a line of ${longest} characters`);
    for (const slice of slices) {
      const lineFeeds = slice.split("\n").length;
      assert(slice.length <= SLICE_CHARACTERS + lineFeeds + longest, `${slice.length} characters`);
    }
  }
});

test("the head of a state is that of the whole file, wherever its chunks end", async () => {
  const {
    groups: _g,
    instances: _i,
    tokens: _k,
    webhooks: _w,
    requests: _r,
    cancelled: _c,
    unannounced: _u,
    statistics: _s,
    removed: _m,
    templates: _t,
    ...head
  } = LARGE;
  const shortest = encode(textOf({ ...LARGE, previous: [""] })).length;
  // The last line, of less than 100 bytes, ends at each place around the end of a chunk.
  for (let bytes = 2 * CHUNK_BYTES - 1; bytes < 2 * CHUNK_BYTES + 100; bytes++) {
    const state = { ...LARGE, previous: ["x".repeat(bytes - shortest)] };
    assertEquals(encode(textOf(state)).length, bytes);
    const disk = diskWith(textOf(state));
    const expected = { version: SNAPSHOT_VERSION, ...head, previous: state.previous };
    assertEquals(await readStateHead(disk, "/data"), { type: "known", state: expected });
  }
});

test("the head of a file that is damaged at any byte is refused as the whole file is", async () => {
  const bytes = encode(textOf(stateOf({ groups: 2, instances: 1, versions: [1, 2] })));
  // All at the same time, as each waits for a turn of the event loop.
  await Promise.all(Array.from(bytes.keys(), async (index) => {
    const flipped = bytes.map((byte, each) => each === index ? byte ^ (1 << index % 8) : byte);
    const toLineFeed = bytes.map((byte, each) => each === index ? 10 : byte);
    for (const content of [flipped, toLineFeed, bytes.subarray(0, index)]) {
      const disk = diskWith(content);
      assertEquals((await readStateHead(disk, "/data")).type, readStateFile(disk, "/data").type, `byte ${index}`);
    }
  }));
});

test("the head of a missing file, and of one in the form of another version, is what the whole file tells", async () => {
  const { sha256: _, ...body } = JSON.parse(textOf(stateOf({ groups: 1 })));
  const spaced = (fields: object) =>
    JSON.stringify({ ...fields, sha256: sha256(JSON.stringify(fields)) }, undefined, 2) + "\n";
  const newer = { ...body, version: SNAPSHOT_VERSION + 1 };
  for (const [content, type] of [[spaced(body), "known"], [spaced(newer), "newer"], ["", "damaged"]] as const) {
    const disk = diskWith(content);
    assertEquals(await readStateHead(disk, "/data"), readStateFile(disk, "/data"));
    assertEquals(readStateFile(disk, "/data").type, type);
  }
  assertEquals(await readStateHead(new MemoryDisk(), "/data"), { type: "none" });
});

/** A state with so many groups, instances and, for each template, versions. */
function stateOf(
  { groups = 0, instances = 0, requests = 0, ids = 0, versions = [] }: {
    readonly groups?: number;
    readonly instances?: number;
    readonly requests?: number;
    readonly ids?: number;
    readonly versions?: readonly number[];
  },
): State {
  return {
    position: { seq: 7, hash: "h".repeat(64), segment: 1, offset: 700 },
    nextOrder: 3,
    recordedAt: 1_000,
    groups: times(groups, (n) => ({ id: `g${n} "quoted" \\ 🦕\n`, title: "x".repeat(100), createdAt: n })),
    instances: times(instances, (n) => {
      const metadata = { 2: "a key that comes first", 1: "z".repeat(50) };
      return { id: `i${n}`, status: "active" as const, registeredAt: n, seenAt: n, metadata };
    }),
    tokens: [],
    webhooks: [],
    requests: times(requests, (n) => ({ caller: "c", id: `r${n}`, fingerprint: "f".repeat(14), seq: n })),
    cancelled: times(requests, (n) => {
      const tasks = [{ id: "a", attempt: n, by: { caller: "c" }, reason: "r".repeat(50) }];
      return { instance: `i${n}`, tasks, count: 1 };
    }),
    unannounced: times(ids, (n) => `task ${n}`),
    statistics: times(ids / 4, (n) => ({ group: `g${n}`, ...NO_STATISTICS })),
    removed: { floor: 3, attempts: times(ids, (n) => [`task ${n}`, n] as const) },
    templates: versions.map((count, index) => ({
      name: `t${index}`,
      isArchived: index % 2 === 0,
      versions: times(count, (version) => ({
        name: `t${index}`,
        version: version + 1,
        parameters: [],
        tasks: [{ id: "a", description: "d".repeat(500), dependencies: [] }],
      })),
    })),
    tasks: { sha256: "s".repeat(64), inode: 5, sizeBytes: 10, modifiedMs: 1.5 },
    previous: ["p".repeat(64)],
  };
}

/** Nearly two chunks. */
/** Those of a group in which nothing has happened. */
const NO_STATISTICS = {
  outcomes: NO_OUTCOMES,
  leads: EMPTY_SKETCH,
  queues: EMPTY_SKETCH,
  runs: EMPTY_SKETCH,
  hours: [],
  days: [],
  work: [],
};

const LARGE = stateOf({ groups: 500, instances: 100, requests: 50, ids: 20, versions: [0, 30] });

function textOf(state: State): string {
  return [...formatStateFile(state)].join("");
}

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function diskWith(content: string | Uint8Array): MemoryDisk {
  const disk = new MemoryDisk();
  disk.put(STATE, content);
  return disk;
}
