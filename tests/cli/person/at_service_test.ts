/** Shows that a person on another machine, without the files, works with a service as beside it. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { runProgram } from "../../support/program.ts";
import { MAIN } from "../../support/server.ts";
import { startService } from "../../support/service.ts";
import { temporaryDirectory } from "../../support/temp.ts";

Deno.test("a person with a token and an address takes part, without permission for any file", async () => {
  await using data = await temporaryDirectory();
  await using service = await startService(data.path, { needsToken: true });
  const secret = (await Deno.readTextFile(`${data.path}/admin-token`)).trim();
  const run = (command: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    runProgram("", [], {
      args: [
        ...["run", "--quiet", "--no-prompt", `--allow-net=${service.host}`],
        ...["--allow-env=ORCHESTRATOR_TOKEN,ORCHESTRATOR_URL,ORCHESTRATOR_INSTANCE,USER,USERNAME", MAIN, ...command],
      ],
      env: {
        ORCHESTRATOR_TOKEN: secret,
        ORCHESTRATOR_URL: service.url("/").href,
        USER: "kim",
        USERNAME: "kim",
        ...env,
      },
    });
  assertEquals((await run(["add", "Write docs"])).output, "write-docs is ready\n");
  assertMatch((await run(["next"])).output, /^write-docs is yours \(kim\) until /);
  assertStringIncludes((await run(["note", "write-docs", "soon"])).output, "Noted on write-docs, which kim has");
  assertStringIncludes((await run(["show", "write-dosc"])).log, "Did you mean write-docs?");
  assertMatch(
    (await run(["status"])).output,
    /^ID .*\nwrite-docs +in_progress +\d+ \w+ +kim +Write docs\n1 task: 1 in_progress\n$/,
  );
  assertEquals((await run(["complete", "--", "done", ""])).output, "write-docs\n");
  assertEquals((await run(["done", "write-docs"], { ORCHESTRATOR_INSTANCE: "lee" })).code, 1);
  assertEquals((await run(["done", "write-docs", "there"])).output, "write-docs is completed\n");
  const called = await run(["call", "get_task_details", '{"task_id": "write-docs"}']);
  assertEquals(JSON.parse(called.output).result, "there");
  const refused: readonly (readonly [command: readonly string[], message: string])[] = [
    [["show", "a", "--as", "worker"], "--as has no effect at the service"],
    [["add", "a", "--max-attempts", "2"], "An option for new tasks has no effect at the service"],
    [["--data", data.path, "show", "a", "--url", "http://127.0.0.1:1"], "--data has no effect with --url"],
    [["status", "--all"], "without --all and --watch only"],
  ];
  for (const [command, message] of refused) {
    const { code, log } = await run(command);
    assertEquals(code, 1, command.join(" "));
    assertStringIncludes(log, message);
  }
});
