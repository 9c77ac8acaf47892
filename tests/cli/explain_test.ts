/** Shows what an operator is told of an error that ends the program. */

import { assertEquals, assertMatch } from "@std/assert";
import { Unavailable } from "../../src/app/ports.ts";
import { explain } from "../../src/cli/explain.ts";
import { Refusal } from "../../src/core/model/refusal.ts";

const noSystemError = () => undefined;

Deno.test("errors of the system are told in the words of the store", () => {
  const error = new Error("Some reason");
  assertEquals(explain(error, (given) => given === error ? "The disk is full" : undefined), "The disk is full");
});

Deno.test("messages of the program itself are printed unchanged", () => {
  assertEquals(explain(new Unavailable("busy", "Busy"), noSystemError), "Busy");
  assertEquals(explain(new Refusal("not_found", "Task t not found"), noSystemError), "Task t not found");
  assertEquals(explain(new SyntaxError("Not JSON"), noSystemError), "Not JSON");
});

Deno.test("a bug of the program is printed with its place in the code", () => {
  assertMatch(
    explain(new TypeError("x is not a function"), noSystemError),
    /^Unexpected: TypeError: x is not a function\n +at /,
  );
  assertEquals(explain("thrown", noSystemError), "Unexpected: thrown");
});
