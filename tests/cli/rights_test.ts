/**
 * Shows that commands are the operator's, whatever token is at hand: who runs them can read and write the files. But for
 * `digest`, which is for the agent: see digest_test.ts.
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { runHere } from "../support/command.ts";
import { runProgram } from "../support/program.ts";
import { programArgs } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";

/** The commands whose names have two words. */
const WITH_PARTS = ["audit", "token", "webhook"];

/** The commands with permission for nothing but the data, in an order in which each succeeds. */
const COMMANDS: readonly (readonly string[])[] = [
  ["import", "-"],
  ["status"],
  ["digest"],
  ["analyze"],
  ["history"],
  ["audit"],
  ["audit", "head"],
  ["verify"],
  ["export"],
  ["token", "list"],
  ["token", "issue", "--name", "more", "--role", "admin"],
  ["token", "revoke", "more"],
  ["webhook", "add", "w", "https://w.example.com/"],
  ["webhook", "list"],
  ["webhook", "log", "w"],
  ["webhook", "replay", "w"],
  ["webhook", "rotate", "w"],
  ["webhook", "remove", "w"],
  ["archive", "--older-than", "P1D"],
  ["redact", "t", "--reason", "why"],
  ["pause", "--reason", "why"],
  ["resume"],
  ["repair"],
  ["doctor"],
];

Deno.test("commands act for the operator, also where the environment holds a token of an observer", async () => {
  await using data = await temporaryDirectory();
  const { output } = await runHere(data.path, ["token", "issue", "--name", "eve", "--role", "observer"]);
  const [secret] = /^orc_.*$/m.exec(output) ?? [];
  assert(secret !== undefined, output);
  for (const command of COMMANDS) {
    const args = programArgs(data.path, ...command).flatMap((arg) =>
      arg === "run" ? [arg, "--allow-env=ORCHESTRATOR_TOKEN"] : [arg]
    );
    const options = {
      args,
      env: { ORCHESTRATOR_TOKEN: secret },
      ...(command[0] === "import" && { input: '{"t":{"description":"d"}}' }),
    };
    const { code, log } = await runProgram(data.path, command, options);
    assertEquals([code, log], [0, ""], command.join(" "));
  }
  const { output: audit } = await runHere(data.path, ["audit", "--denied"]);
  assertEquals(audit, "");
});

Deno.test("commands take no role: --as is for those who are served", async () => {
  await using data = await temporaryDirectory();
  await runHere(data.path, ["token", "issue", "--name", "eve", "--role", "observer"]);
  for (const command of COMMANDS) {
    const { code, log } = await runHere(data.path, ["--as", "observer", ...command]);
    assert(code !== 0, command.join(" "));
    assertStringIncludes(
      log,
      `--as has no effect on ${WITH_PARTS.includes(command[0] ?? "") ? command.slice(0, 2).join(" ") : command[0]}`,
    );
  }
});
