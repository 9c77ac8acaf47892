/** Shows that a server serves on and ends as asked though nobody reads its standard error. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { missingOnWindows, testUnless } from "../support/needs.ts";
import { initialize, RawServer, request } from "../support/raw_server.ts";
import { temporaryDirectory } from "../support/temp.ts";

/** Each makes a line of log: together they are more than a pipe and the server's own bound hold. */
const MALFORMED = 6_000;

Deno.test("calls are answered though nobody reads standard error, and dropped lines are counted", async () => {
  await using directory = await temporaryDirectory();
  await using server = new RawServer(directory.path, { readsLog: false });
  await server.write(initialize(0));
  await server.take(1);
  const written = server.write("no JSON\n".repeat(MALFORMED) + request("last", "ping"));
  const messages = await server.take(MALFORMED + 1);
  await written;
  assertEquals(messages.filter(({ error }) => error?.code === -32700).length, MALFORMED);
  assertEquals(messages.at(-1)?.id, "last");
  const log = server.log;
  await server.endInput();
  assertEquals(await server.exitCode, 0);
  assertMatch(await log, /^\d+ messages for standard error were dropped, as it was not read$/m);
});

testUnless(missingOnWindows("SIGTERM"), "a server ends on a signal though nobody reads standard error")(async () => {
  await using directory = await temporaryDirectory();
  await using server = new RawServer(directory.path, { readsLog: false });
  await server.write(initialize(0));
  await server.take(1);
  const written = server.write("no JSON\n".repeat(MALFORMED));
  await server.take(MALFORMED);
  await written;
  server.kill("SIGTERM");
  assertEquals(await server.exitCode, 0);
  assert((await server.log).length > 0);
});
