/** Shows what a handlers file may have, and that whatever is wrong with it is told with its place and what would work. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { DEFAULT_TIMEOUT_MS, MAX_HANDLERS, MAX_TIMEOUT_MS, parseHandlers } from "../../src/handlers/handlers_file.ts";
import { refusalOf } from "../core/given.ts";

const PLAIN = { on: ["task.failed"], run: ["deno", "run", "chat.ts"] };

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

function parse(...handlers: readonly unknown[]) {
  return parseHandlers(JSON.stringify(handlers), "handlers.json");
}

test("a handler has defaults, and everything that it can have", () => {
  assertEquals(parse(PLAIN), [{
    name: "deno run chat.ts",
    on: ["task.failed"],
    role: "worker",
    run: ["deno", "run", "chat.ts"],
    timeoutMs: DEFAULT_TIMEOUT_MS,
    fromHandlers: false,
  }]);
  const full = {
    ...{ on: ["orchestrator.task.created", "task.noted"], group: "g", role: "planner", audiences: ["a"], run: ["x"] },
    ...{ name: "n", timeout_ms: MAX_TIMEOUT_MS, from_handlers: true },
  };
  assertEquals(parse(full), [{
    ...{ name: "n", on: ["task.created", "task.noted"], group: "g", role: "planner", audiences: ["a"], run: ["x"] },
    ...{ timeoutMs: MAX_TIMEOUT_MS, fromHandlers: true },
  }]);
});

test("what is wrong is told with its place and what would work", () => {
  const cases: readonly (readonly [text: string, message: string])[] = [
    ["[", "handlers.json: it is not JSON"],
    ["{}", "it must be a list of handlers, like"],
    ["[]", "it must be a list of handlers, like"],
    ["[1]", "handler 1: it must be an object with on and run"],
    [
      JSON.stringify([PLAIN, { ...PLAIN, name: "b", on: ["task.fail"] }]),
      "handler 2, on[0]: there is no event type task.fail (task.failed?): there are task.created",
    ],
    [JSON.stringify([{ ...PLAIN, on: ["handler.failed"] }]), "its own failure would run it again"],
    [JSON.stringify([{ ...PLAIN, on: [] }]), "handler 1: on takes a list of event types"],
    [JSON.stringify([{ ...PLAIN, run: [] }]), "handler 1: run takes a list of the command"],
    [JSON.stringify([{ ...PLAIN, run: "deno run" }]), "handler 1: run takes a list of the command"],
    [JSON.stringify([{ on: PLAIN.on }]), "handler 1: run takes a list of the command"],
    [JSON.stringify([{ ...PLAIN, role: "boss" }]), "handler 1: role takes one of admin"],
    [JSON.stringify([{ ...PLAIN, timeout: 5 }]), "there is no field timeout (timeout_ms?): there are on, group"],
    [JSON.stringify([{ ...PLAIN, timeout_ms: 0 }]), "handler 1: timeout_ms takes a whole number"],
    [JSON.stringify([{ ...PLAIN, timeout_ms: MAX_TIMEOUT_MS + 1 }]), "handler 1: timeout_ms takes a whole number"],
    [JSON.stringify([{ ...PLAIN, name: "" }]), "Handler name is empty"],
    [JSON.stringify([{ ...PLAIN, group: " " }]), "Group id"],
    [JSON.stringify([PLAIN, PLAIN]), "handlers 1 and 2 are both named deno run chat.ts: give each a name"],
    [JSON.stringify([{ ...PLAIN, on: ["token.issued"], audiences: ["a"] }]), "only admins see token.issued"],
    [JSON.stringify([{ ...PLAIN, role: "admin", audiences: ["a"] }]), "an admin sees all groups"],
  ];
  for (const [text, message] of cases) {
    const refusal = refusalOf(() => parseHandlers(text, "handlers.json"));
    assertEquals(refusal.code, "invalid_value", text);
    assertStringIncludes(refusal.message, message);
  }
});

test("a file has at most so many handlers", () => {
  const many = Array.from({ length: MAX_HANDLERS }, (_, index) => ({ ...PLAIN, name: `h${index}` }));
  assertEquals(parse(...many).length, MAX_HANDLERS);
  assertStringIncludes(refusalOf(() => parse(...many, { ...PLAIN, name: "more" })).message, `at most ${MAX_HANDLERS}`);
});
