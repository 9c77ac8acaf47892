/** Shows that a record survives being a line, that any change to a line is found, and that the unknown is refused. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Draft, Event } from "../../../src/core/messages/events.ts";
import {
  decodeRecord,
  encodeRecord,
  FORMAT_VERSION,
  GENESIS_HASH,
  LEADING_SEQ_BYTES,
  leadingSeq,
  TRAILING_HASH_BYTES,
  trailingHash,
} from "../../../src/store/file/codec.ts";
import { sha256 } from "../../../src/store/file/hash.ts";
import { newTask, oldTask, times } from "../../core/given.ts";
import { forgedLine } from "./forge.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

const PLACE = { seq: 1, previous: GENESIS_HASH };
const DRAFT: Draft = {
  at: 5,
  actor: "test",
  command: "create_tasks",
  events: [{ type: "tasks.created", tasks: [newTask("a")] }],
};

test("every record is read as it was written, through UTF-8", () => {
  fc.assert(
    fc.property(drafts(), fc.nat(), fc.boolean(), (draft, seq, isFirstOfFormat) => {
      const { line, hash } = encodeRecord(draft, { seq, previous: GENESIS_HASH, isFirstOfFormat });
      assert(line.endsWith("\n") && !line.slice(0, -1).includes("\n"));
      const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(new TextEncoder().encode(line));
      const decoded = decodeRecord(text.slice(0, -1), { seq, previous: GENESIS_HASH });
      assertEquals(decoded, { record: { ...draft, seq }, hash });
    }),
    { numRuns: 200 },
  );
});

test("the format of a line does not change", () => {
  const via = { transport: "stdio", client: "test", process: "7", session: "s" } as const;
  const { line, hash } = encodeRecord({ ...DRAFT, via }, PLACE);
  const body = '"seq":1,"at":5,"actor":"test",' +
    '"via":{"transport":"stdio","client":"test","process":"7","session":"s"},"command":"create_tasks",' +
    '"events":[{"type":"tasks.created","tasks":[{"id":"a","description":"do a","dependencies":[]}]}]';
  assertEquals(line, `{"v":5,${body},"hash":"${hash}"}\n`);
  const digest = sha256(`{"v":5,${body}}`);
  assertEquals(hash, sha256(GENESIS_HASH + digest));
});

test("lines of earlier versions can still be read", () => {
  for (
    const [version, hash] of [
      [1, "0a94a68b66aea3384a6856ff1af2cf9cb12fe046a159b03d54acbe69ad7881fe"],
      [2, "a768c53a63598f8b25676a3de7210ddcfc45736e901a834161298b2ecc88c82e"],
    ] as const
  ) {
    const line = `{"v":${version},"seq":1,"at":5,"actor":"test","command":"create_tasks","events":[{` +
      `"type":"tasks.created","tasks":[{"id":"a","description":"do a","dependencies":[]}]}],"hash":"${hash}"}`;
    assertEquals(decodeRecord(line, PLACE), { record: { ...DRAFT, groups: "unknown", seq: 1, isSilent: true }, hash });
  }
});

test("the first line of the format has a hash in one step, which earlier versions check before they see a newer format", () => {
  const { line, hash } = encodeRecord(DRAFT, { ...PLACE, isFirstOfFormat: true });
  const body = line.slice(0, -TRAILING_HASH_BYTES) + "}";
  assertEquals(hash, sha256(GENESIS_HASH + body));
  assertEquals(decodeRecord(line.slice(0, -1), PLACE), { record: { ...DRAFT, seq: 1 }, hash });
  // A line of an earlier format never has a hash in two steps.
  const old = body.replace(`{"v":${FORMAT_VERSION}`, `{"v":2`);
  const twoStep = `${old.slice(0, -1)},"hash":"${sha256(GENESIS_HASH + sha256(old))}"}`;
  assertEquals(decodeRecord(twoStep, PLACE), { type: "invalid", why: "its hash does not match" });
});

test("a line that is changed, cut or extended anywhere is invalid", () => {
  const line = encodeRecord(DRAFT, PLACE).line.slice(0, -1);
  const changed = times(line.length, (index) => [
    line.slice(0, index) + String.fromCharCode(line.charCodeAt(index) ^ 1) + line.slice(index + 1),
    line.slice(0, index),
    line.slice(index + 1),
    line.slice(0, index) + " " + line.slice(index),
  ]);
  for (const text of [...changed.flat(), line + " ", line + line]) {
    assert("type" in decodeRecord(text, PLACE), text);
  }
  assert(!("type" in decodeRecord(line, PLACE)));
});

test("a line is valid only at its own position", () => {
  const first = encodeRecord(DRAFT, PLACE);
  const second = encodeRecord({ ...DRAFT, at: 6 }, { seq: 2, previous: first.hash });
  const line = second.line.slice(0, -1);
  assert(!("type" in decodeRecord(line, { seq: 2, previous: first.hash })));
  assert("type" in decodeRecord(line, { seq: 2, previous: GENESIS_HASH }));
  assert("type" in decodeRecord(line, { seq: 3, previous: first.hash }));
  assert("type" in decodeRecord(line, { seq: 1, previous: first.hash }));
});

test("a line of a newer format is unknown, whatever its content, and invalid if its hash is wrong", () => {
  const line = forgedLine({ v: FORMAT_VERSION + 1, anything: true }, GENESIS_HASH).slice(0, -1);
  const decoded = decodeRecord(line, PLACE);
  assert("type" in decoded);
  assertEquals(decoded.type, "unknown");
  assert(decoded.why.includes(`version ${FORMAT_VERSION + 1}`), decoded.why);
  const damaged = decodeRecord(line.replace("true", "null"), PLACE);
  assert("type" in damaged);
  assertEquals(damaged.type, "invalid");
});

test("an unknown event type or a missing field is unknown, not invalid", () => {
  const body = { v: 1, seq: 1, at: 5, actor: "x", command: "c", events: [{ type: "task.teleported", id: "a" }] };
  const { command: _, ...withoutCommand } = { ...body, events: [] };
  for (const each of [body, withoutCommand, { ...body, events: "none" }]) {
    const decoded = decodeRecord(forgedLine(each, GENESIS_HASH).slice(0, -1), PLACE);
    assert("type" in decoded);
    assertEquals(decoded.type, "unknown");
  }
});

test("garbage is invalid", () => {
  for (const line of ["", "{}", "null", '{"v":1}', '{"v":', "\0\0\0", '{"v":01,"seq":1}', "x".repeat(500)]) {
    const decoded = decodeRecord(line, PLACE);
    assert("type" in decoded && decoded.type === "invalid", line);
  }
});

test("the first seq and the last hash are read from the ends of a segment", () => {
  const { line, hash } = encodeRecord(DRAFT, { seq: Number.MAX_SAFE_INTEGER, previous: GENESIS_HASH });
  assertEquals(leadingSeq(line.slice(0, LEADING_SEQ_BYTES)), Number.MAX_SAFE_INTEGER);
  assertEquals(trailingHash(line.slice(-TRAILING_HASH_BYTES)), hash);
  assertEquals(leadingSeq(""), undefined);
  assertEquals(trailingHash(line.slice(-TRAILING_HASH_BYTES, -1)), undefined);
});

function drafts(): fc.Arbitrary<Draft> {
  const via = fc.record({ transport: fc.constantFrom("stdio" as const, "cli" as const), session: texts() }, {
    noNullPrototype: true,
  });
  return fc.record(
    { at: fc.nat(), actor: texts(), via, command: texts(), events: fc.array(events(), { maxLength: 4 }) },
    { requiredKeys: ["at", "actor", "command", "events"], noNullPrototype: true },
  );
}

function events(): fc.Arbitrary<Event> {
  return fc.oneof(
    fc.tuple(texts(), texts()).map(([id, description]): Event => ({
      type: "tasks.created",
      tasks: [{ id, description, dependencies: [id, "__proto__"] }],
    })),
    fc.tuple(texts(), texts()).map(([id, result]): Event => ({
      type: "tasks.imported",
      tasks: [oldTask(id, { result })],
    })),
    texts().map((id): Event => ({ type: "task.updated", id, dependencies: [newTask(id).id] })),
    fc.tuple(texts(), texts(), fc.nat()).map(([id, instance, attempt]): Event => ({
      type: "task.claimed",
      id,
      instance,
      attempt,
    })),
  );
}

/** Any UTF-16, halves of pairs included. */
function texts(): fc.Arbitrary<string> {
  return fc.oneof(
    fc.constantFrom("__proto__", "constructor", '","hash":"', "\u2028\ufeff\0\n"),
    fc.string({ unit: "binary" }),
    fc.array(fc.nat(0xffff)).map((units) => String.fromCharCode(...units)),
  );
}
