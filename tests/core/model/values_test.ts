/** Shows which ids and texts are accepted, and that refusals can be printed on one line. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { MAX_ID_CHARACTERS } from "../../../src/core/model/limits.ts";
import { checkId, checkText, printable } from "../../../src/core/model/values.ts";
import { refusalOf, times } from "../given.ts";

Deno.test({
  name: "ids of visible characters of any script are accepted",
  permissions: "none",
  fn() {
    const ids = ["a", "0", "__proto__", "constructor", "a b", "a/b", `"`, "'", "\\", "→", "…", "é", "任务", "🦕", "👩‍👩‍👧"];
    for (const id of ids) checkId(id, "Task id");
  },
});

Deno.test({
  name: "an id may have 200 characters, counted as code points, but not one more",
  permissions: "none",
  fn() {
    for (const character of ["a", "é", "√", "🦕"]) {
      checkId(character.repeat(MAX_ID_CHARACTERS), "Task id");
      for (const length of [MAX_ID_CHARACTERS + 1, 2 * MAX_ID_CHARACTERS, 2 * MAX_ID_CHARACTERS + 1, 10_000]) {
        const { code, message, data } = refusalOf(() => checkId(character.repeat(length), "Task id"));
        assertEquals(code, "limit_exceeded");
        assertEquals(message, "Task id is too long: at most 200 characters are allowed");
        assertEquals(data, { limit: MAX_ID_CHARACTERS });
      }
    }
  },
});

Deno.test({
  name: "an id must not be empty, and the refusal says whose id it is",
  permissions: "none",
  fn() {
    for (
      const what of [
        "Task id",
        "Instance id",
        "Group id",
        "Template name",
        "Parameter name",
        "Role",
        "Capability",
        "Lock",
      ] as const
    ) {
      const { code, message } = refusalOf(() => checkId("", what));
      assertEquals(code, "invalid_value");
      assert(message.startsWith(`${what} is empty: `), message);
    }
  },
});

Deno.test({
  name: "an id must not hold control characters, line separators or halves of characters",
  permissions: "none",
  fn() {
    const c0AndDelete = [...times(32, (code) => code), 0x7f];
    const c1 = times(32, (index) => 0x80 + index);
    for (const code of [...c0AndDelete, ...c1, 0x2028, 0x2029, 0xd800, 0xdbff, 0xdc00, 0xdfff]) {
      const character = String.fromCharCode(code);
      for (const id of [`a${character}b`, character, `${character}a`, `a${character}`]) {
        const refusal = refusalOf(() => checkId(id, "Task id"));
        assertEquals(refusal.code, "invalid_value");
        assertEquals(
          refusal.message,
          `Task id ${escaped(id)} has a control character: use visible characters only`,
        );
        assertIsOneLine(refusal.message);
      }
    }
  },
});

Deno.test({
  name: "an id must not start or end with white space",
  permissions: "none",
  fn() {
    for (const space of [" ", "\u00a0", "\u2003", "\u3000", "\ufeff"]) {
      for (const id of [space, `${space}a`, `a${space}`, `${space}a${space}`]) {
        const { code, message } = refusalOf(() => checkId(id, "Instance id"));
        assertEquals(code, "invalid_value");
        assert(message.startsWith(`Instance id ${printable(id)} starts or ends with white space`), message);
      }
      // The last one is a space of no width, which is allowed nowhere.
      if (space !== "\ufeff") checkId(`a${space}b`, "Instance id");
    }
  },
});

Deno.test({
  name: "whatever the id, it is accepted or refused by a short message",
  permissions: "none",
  fn() {
    fc.assert(
      fc.property(anyId(), (id) => {
        if (!isAccepted(id)) {
          const { message } = refusalOf(() => checkId(id, "Task id"));
          assert(message.length < 8 * MAX_ID_CHARACTERS, message);
          assertIsOneLine(message);
          return;
        }
        assert([...id].length <= MAX_ID_CHARACTERS && id.trim() === id && id !== "");
        assertIsOneLine(id);
      }),
      { numRuns: 200 },
    );
  },
});

Deno.test({
  name: "a text is measured in bytes of UTF-8",
  permissions: "none",
  fn() {
    for (const [text, bytes] of [["", 0], ["abc", 3], ["é", 2], ["√", 3], ["🦕", 4], ["aé√🦕", 10]] as const) {
      checkText(text, "Result", bytes);
      if (bytes === 0) continue;
      const { code, message, data } = refusalOf(() => checkText(text, "Result", bytes - 1));
      assertEquals(code, "limit_exceeded");
      assert(
        message.startsWith(`Result is too long: at most ${bytes - 1} bytes of UTF-8 are allowed, it has ${bytes}; `),
      );
      assertEquals(data, { limit: bytes - 1, bytes });
    }
  },
});

Deno.test({
  name: "a text is accepted exactly if its UTF-8 fits, whatever it is made of",
  permissions: "none",
  fn() {
    const text = fc.string({ unit: "binary", maxLength: 60 }).map((each) => each.replaceAll("\0", "x"));
    fc.assert(
      fc.property(text, fc.nat(200), (text, limit) => {
        const bytes = new TextEncoder().encode(text).length;
        if (bytes <= limit) checkText(text, "Result", limit);
        else assertEquals(refusalOf(() => checkText(text, "Result", limit)).data, { limit, bytes });
      }),
      { numRuns: 1_000 },
    );
  },
});

Deno.test({
  name: "a text may hold lines, tabs and escapes, but no NUL character and no half of a surrogate pair",
  permissions: "none",
  fn() {
    checkText("a\r\n\tb\u001b[0m\u2028 \ufeff\uffff 🦕", "Result", 100);
    const halves = ["\ud800", "\udbff", "\udc00", "\udfff", "a\ud83eb", "\udd95\ud83e", "🦕\ud83e", "\ud83e🦕"];
    for (const text of ["\0", "a\0", "a\0b", ...halves]) {
      for (const limit of [3 * text.length, 100]) assertIsRefused(text, limit);
    }
  },
});

Deno.test({
  name: "a text of any code units is accepted exactly if it has no NUL character and no half of a surrogate pair",
  permissions: "none",
  fn() {
    const unit = fc.oneof(fc.nat(0xffff), fc.constantFrom(0, 0xd83e, 0xdd95, 0x61));
    const text = fc.array(unit, { maxLength: 6 }).map((codes) => String.fromCharCode(...codes));
    fc.assert(
      fc.property(text, (text) => {
        const stored = new TextDecoder("utf-8", { ignoreBOM: true }).decode(new TextEncoder().encode(text));
        if (stored === text && !text.includes("\0")) checkText(text, "Result", 100);
        else assertIsRefused(text, 100);
      }),
      { numRuns: 1_000 },
    );
  },
});

Deno.test({
  name: "printable leaves an id as it is unless it is too long, padded, empty or breaks the line",
  permissions: "none",
  fn() {
    const longest = "a".repeat(MAX_ID_CHARACTERS);
    const emoji = "🦕".repeat(MAX_ID_CHARACTERS);
    for (const id of ["a", "a b", `a"b`, "🦕", "__proto__", longest, "🦕".repeat(150), emoji]) {
      assertEquals(printable(id), id);
    }
    assertEquals(printable(""), `""`);
    assertEquals(printable(" a"), `" a"`);
    assertEquals(printable(`a\n"b"`), `"a\\n\\"b\\""`);
    assertEquals(printable("a\u0000\u007f\u0085\u009f\u2028\u2029b"), `"a\\u0000\\u007f\\u0085\\u009f\\u2028\\u2029b"`);
    assertEquals(printable("a\ud83e"), `"a\\ud83e"`);
  },
});

Deno.test({
  name: "printable cuts at 200 characters, never within one",
  permissions: "none",
  fn() {
    const longest = "a".repeat(MAX_ID_CHARACTERS);
    const emoji = "🦕".repeat(MAX_ID_CHARACTERS);
    assertEquals(printable(`${longest}b`), `"${longest}…"`);
    assertEquals(printable(`${longest}🦕`), `"${longest}…"`);
    assertEquals(printable(`${emoji}b`), `"${emoji}…"`);
    assertEquals(printable(emoji + emoji), `"${emoji}…"`);
    assertEquals(printable(`a${emoji}`), `"a${emoji.slice(2)}…"`);
    assertEquals(printable(longest.repeat(1_000)), `"${longest}…"`);
  },
});

Deno.test({
  name: "printable leaves legal ids as they are, and every other can be read back from it, as far as it goes",
  permissions: "none",
  fn() {
    fc.assert(
      fc.property(anyId(), (id) => {
        const shown = printable(id);
        assertIsOneLine(shown);
        if (isAccepted(id)) {
          assertEquals(shown, id);
          return;
        }
        const characters = [...id];
        const isWhole = characters.length <= MAX_ID_CHARACTERS;
        assertEquals(JSON.parse(shown), isWhole ? id : characters.slice(0, MAX_ID_CHARACTERS).join("") + "…");
      }),
      { numRuns: 500 },
    );
  },
});

/** Ids of all kinds, most of them not legal. */
function anyId(): fc.Arbitrary<string> {
  const units = fc.array(fc.nat(0xffff), { maxLength: 450, size: "max" }).map((codes) => String.fromCharCode(...codes));
  const emoji = fc.nat(420).chain((length) =>
    fc.constantFrom("🦕", "a🦕", "\ud83e").map((each) => each.repeat(length))
  );
  return fc.oneof(units, emoji, fc.string({ unit: "binary", maxLength: 450 }), fc.string());
}

function isAccepted(id: string): boolean {
  try {
    checkId(id, "Task id");
    return true;
  } catch {
    return false;
  }
}

function assertIsRefused(text: string, limit: number): void {
  const { code, message } = refusalOf(() => checkText(text, "Result", limit));
  assertEquals(code, "invalid_value");
  assertEquals(message, "Result holds a NUL character or half a surrogate pair: remove it");
}

/** As JSON, without control characters of any kind. */
function escaped(id: string): string {
  return JSON.stringify(id).replaceAll(
    BREAKING,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

const BREAKING = /[\p{Cc}\u2028\u2029]/gu;

function assertIsOneLine(message: string): void {
  assert(message.search(BREAKING) === -1 && message.isWellFormed(), JSON.stringify(message));
}
