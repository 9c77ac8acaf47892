/** Shows that the project is paused and resumed over REST, and that the stream of events tells it. */

import { assertEquals } from "@std/assert";
import { startRest } from "../support/rest.ts";

Deno.test("the project is paused with a reason, shown as paused, and resumed", async () => {
  await using rest = await startRest();
  assertEquals(await rest.ask("GET", "/project"), { paused: false });
  const { since, ...paused } = await rest.ask("POST", "/project/pause", { reason: "upgrade" });
  assertEquals([paused["paused"], paused["reason"]], [true, "upgrade"]);
  assertEquals(await rest.ask("GET", "/project"), { ...paused, since });
  assertEquals((await rest.request("POST", "/project/pause", { body: { reason: "" } })).status, 400);
  assertEquals((await rest.request("POST", "/project/pause", { body: {} })).status, 400);
  assertEquals(await rest.ask("POST", "/project/resume", {}), { paused: false });
  assertEquals(await rest.ask("POST", "/project/resume", {}), { paused: false });
  const { events } = await rest.ask("GET", "/history");
  assertEquals((events as { type: string }[]).map(({ type }) => type), ["project.paused", "project.resumed"]);
});
