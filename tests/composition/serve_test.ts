/** Shows how a service ends while a plan is being opened: the call that waits for the plan is answered like others. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import type { FileLocation } from "../../src/cli/location.ts";
import { serveHttp } from "../../src/composition/serve.ts";
import { RecordingLog } from "../support/log.ts";
import { temporaryDirectory } from "../support/temp.ts";
import { until } from "../support/until.ts";

Deno.test("a call for a project that is opened while the service ends is answered at once", async () => {
  await using data = await temporaryDirectory();
  const [asked, found] = [Promise.withResolvers<void>(), Promise.withResolvers<FileLocation>()];
  const ending = new AbortController();
  const log = new RecordingLog();
  const lines: string[] = [];
  const serving = serveHttp(
    {
      type: "http",
      location: { type: "projects", names: [], isAll: true },
      host: "127.0.0.1",
      port: 0,
      open: true,
      toolsets: [],
      defaults: {},
      log: {},
    },
    {
      locate: () => Promise.reject(new Error("No project is named")),
      locateExisting: () => {
        asked.resolve();
        return found.promise;
      },
      log,
      observers: [],
      about: { pid: Deno.pid, version: "0.0.0", format: 1, transport: "http", startedAt: 0 },
      program: { url: import.meta.url, files: ["/none"] },
      print: (line) => void lines.push(line),
      programName: "orchestrator",
      isWatched: false,
      ending: ending.signal,
      startHandlers: () => undefined,
    },
  );
  await until("the address", () => lines.length > 0);
  const [, address] = /Serving (\S+)\/p\/NAME/.exec(lines.join("\n")) ?? [];
  const answer = fetch(`${address}/p/web/api/v1/claims`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ instance_id: "worker", wait_ms: 50_000 }),
  });
  await asked.promise;
  ending.abort();
  const project = { name: "web", isAuto: false, place: data.path };
  found.resolve({ store: "file", directory: data.path, project });
  const response = await answer;
  assertEquals([response.status, log.errors], [200, []]);
  assertStringIncludes(await response.text(), "no_task");
  await serving;
});
