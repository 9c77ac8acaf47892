/** Shows what an operator is told of an error that ends the program. */

import { assertEquals, assertMatch } from "@std/assert";
import { Unavailable } from "../../src/app/ports.ts";
import { explain } from "../../src/cli/explain.ts";
import { Refusal } from "../../src/core/model/refusal.ts";

/** An error as Deno makes it of a system call that failed. */
function systemError(code: string): Error {
  return Object.assign(new Error(`Some reason (os error 1): open '/data/lock'`), { code });
}

Deno.test("errors of the system are explained in one line, with path, reason and remedy", () => {
  for (
    const [code, advice] of [
      [
        "EROFS",
        "the file system is read-only. Make it writable, or name another directory with --data; status, " +
        "history, export and verify need no right to write",
      ],
      ["EMFILE", "this process may not open more files. Raise the limit (ulimit -n)"],
      ["ENOSPC", "the disk is full. Make room"],
      ["ELOOP", "symbolic links lead in a circle. Correct them, or name another directory with --data"],
    ] as const
  ) {
    assertEquals(explain(systemError(code)), `Some reason (os error 1): open '/data/lock': ${advice}`);
  }
  assertEquals(explain(systemError("EXDEV")), "Some reason (os error 1): open '/data/lock'");
});

Deno.test("messages of the program itself are printed unchanged", () => {
  assertEquals(explain(new Unavailable("busy", "Busy")), "Busy");
  assertEquals(explain(new Refusal("not_found", "Task t not found")), "Task t not found");
  assertEquals(explain(new SyntaxError("Not JSON")), "Not JSON");
});

Deno.test("a bug of the program is printed with its place in the code", () => {
  assertMatch(explain(new TypeError("x is not a function")), /^Unexpected: TypeError: x is not a function\n +at /);
  assertEquals(explain("thrown"), "Unexpected: thrown");
});
