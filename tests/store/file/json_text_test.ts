/** Shows which files of JSON are read, and that what JSON.parse passes over in silence is refused and named. */

import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { MAX_FILE_BYTES, MAX_FILE_NESTING, parseJsonFile } from "../../../src/store/file/json_text.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

const utf8 = (text: string) => new TextEncoder().encode(text);
const refused = (bytes: Uint8Array, message: string) => assertThrows(() => parseJsonFile(bytes), SyntaxError, message);

/** Each character as so many bytes, after a byte order mark if asked for. */
function inUnits(text: string, width: 2 | 4, { isLittle = false, hasMark = false } = {}): Uint8Array {
  const points = [...(hasMark ? "\ufeff" : "") + text].map((character) => character.codePointAt(0) ?? 0);
  const view = new DataView(new ArrayBuffer(points.length * width));
  for (const [index, point] of points.entries()) {
    if (width === 2) view.setUint16(index * width, point, isLittle);
    else view.setUint32(index * width, point, isLittle);
  }
  return new Uint8Array(view.buffer);
}

test("UTF-8 is read with and without a byte order mark", () => {
  const text = '{"ä": "🦕"}';
  assertEquals(parseJsonFile(utf8(text)), { ä: "🦕" });
  assertEquals(parseJsonFile(utf8("\ufeff" + text)), { ä: "🦕" });
  assertEquals(parseJsonFile(utf8("1")), 1);
});

test("another encoding is refused by its name", () => {
  for (const isLittle of [true, false]) {
    for (const hasMark of [true, false]) {
      for (const text of ['{"a": 1}', '{"ä": 1}', "[]"]) {
        refused(inUnits(text, 2, { isLittle, hasMark }), "It is in UTF-16: save it as UTF-8");
        refused(inUnits(text, 4, { isLittle, hasMark }), "It is in UTF-32: save it as UTF-8");
      }
    }
  }
  const latin1 = Uint8Array.from('{\n"a":\n"Gr\u00fc\u00dfe"}', (character) => character.charCodeAt(0));
  refused(latin1, "It is not UTF-8 at line 3, but perhaps in Latin-1 or Windows-1252: save it as UTF-8");
  refused(utf8('{"a": "ä"}').slice(0, 8), "It is not UTF-8 at line 1");
});

test("a key that stands twice in one object is refused with its path", () => {
  for (
    const [text, path] of [
      ['{"a": 1, "a": 2}', "a"],
      ['{"a": {"status": 1, "x": [{}, {"b": "c", "b": 1}]}}', "a.x.2.b"],
      ['{"a": 1, "\\u0061": 2}', "a"],
      ['{"__proto__": 1, "__proto__": 2}', "__proto__"],
      ['{"a b": {"": 1, "": 2}}', '"a b".""'],
      ['[{"a": ["]", "{", "\\"", "\\\\"], "a": 1}]', "1.a"],
    ] as const
  ) refused(utf8(text), `It has a key twice: ${path}; `);
});

test("output of JSON.stringify is read unchanged, and is refused if one of its keys is repeated", () => {
  const value = fc.jsonValue({ maxDepth: 4, stringUnit: "binary" });
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: "binary" }), value, { minKeys: 1 }), fc.nat(), (object, number) => {
      // V8 15.0 can mix up keys that are written with a backslash.
      fc.pre(!JSON.stringify(object).includes("\\"));
      const text = JSON.stringify(object);
      assertEquals(parseJsonFile(utf8(text)), JSON.parse(text));
      const keys = Object.keys(object);
      const again = JSON.stringify(keys[number % keys.length]);
      refused(utf8(`${text.slice(0, -1)},${again}:0}`), "It has a key twice: ");
    }),
  );
});

test("text that is not JSON, too deep or too long is refused", () => {
  refused(utf8('{"a": 1,}'), "It is not JSON: ");
  refused(utf8(""), "It is not JSON: ");
  const nested = (depth: number) => utf8("[".repeat(depth) + "]".repeat(depth));
  parseJsonFile(nested(MAX_FILE_NESTING));
  refused(nested(MAX_FILE_NESTING + 1), `It is nested more than ${MAX_FILE_NESTING} deep: 1`);
  refused(nested(1_000_000), `It is nested more than ${MAX_FILE_NESTING} deep: 1`);
  refused(new Uint8Array(MAX_FILE_BYTES + 1), `at most ${MAX_FILE_BYTES} can be read`);
});
