/** Shows how the files of the dashboard are served: to anybody, under a strict policy, once to each browser. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { ASSETS } from "../../src/dashboard/assets/mod.ts";
import { type Asset, assetMount } from "../../src/http/assets.ts";
import { createApp } from "../../src/http/app.ts";
import { hostsOf } from "../../src/http/hosts.ts";
import { problem } from "../../src/http/problem.ts";
import { RecordingLog } from "../support/log.ts";

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; worker-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types dash";

/** An app that knows no caller. */
function served(assets: readonly Asset[] = ASSETS) {
  const app = createApp({
    hosts: hostsOf("127.0.0.1", []),
    callerOf: () => Promise.resolve(problem(401, "Nobody")),
    checkReady: () => Promise.resolve(),
    publicMounts: [assetMount(assets)],
    mounts: [],
    log: new RecordingLog(),
  });
  return async (path: string, { method = "GET", ...headers }: Readonly<Record<string, string>> = {}) => {
    const request = new Request(`http://localhost${path}`, { method, headers: { host: "localhost", ...headers } });
    return await app.fetch(request, { address: "127.0.0.1" });
  };
}

Deno.test("every file of the dashboard is served to anybody, under the strict policy", async () => {
  const get = served();
  const paths = ["/", "/start.js", "/app.js", "/app.css", "/layout_worker.js", "/markdown_reader.js"];
  assertEquals(ASSETS.map(({ path }) => path), paths);
  for (const { path, type, body } of ASSETS) {
    const response = await get(path);
    assertEquals(response.status, 200);
    assertEquals(await response.text(), body);
    const { headers } = response;
    assertEquals(headers.get("content-type"), type);
    assertEquals(headers.get("content-security-policy"), POLICY);
    assertEquals(headers.get("x-content-type-options"), "nosniff");
    assertEquals(headers.get("referrer-policy"), "no-referrer");
    assertEquals(headers.get("cross-origin-opener-policy"), "same-origin");
    assertEquals(headers.get("cache-control"), "no-cache");
    assertEquals((await get(path, { host: "evil.example" })).status, 403);
    assertEquals((await get(path, { method: "POST" })).status, 401);
  }
});

Deno.test("a file is compressed for who takes that, and sent again only after it has changed", async () => {
  const body = "text ".repeat(1_000);
  const get = served([{ path: "/a", type: "text/plain", body }]);
  const plain = await get("/a");
  assertEquals(plain.headers.get("content-length"), "5000");
  assertEquals(await plain.text(), body);
  for (const coding of ["gzip", "br, GZIP;q=0.5", "deflate;q=1 , gzip"]) {
    const response = await get("/a", { "accept-encoding": coding });
    assertEquals(response.headers.get("content-encoding"), "gzip", coding);
    const bytes = await response.bytes();
    assertEquals(response.headers.get("content-length"), `${bytes.length}`);
    assert(bytes.length < 100);
    const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    assertEquals(await new Response(unpacked).text(), body);
  }
  for (const coding of ["gzip;q=0", "br", "x-gzippy", ""]) {
    assertEquals((await get("/a", { "accept-encoding": coding })).headers.get("content-encoding"), null, coding);
  }
  const tag = plain.headers.get("etag") ?? "";
  assertStringIncludes((await get("/a", { "accept-encoding": "gzip" })).headers.get("etag") ?? "", "-gzip");
  for (const known of [tag, `W/${tag}`, `"other", ${tag}`]) {
    const response = await get("/a", { "if-none-match": known });
    assertEquals([response.status, await response.text(), response.headers.get("etag")], [304, "", tag], known);
  }
  assertEquals((await get("/a", { "if-none-match": '"other"' })).status, 200);
  const other = served([{ path: "/a", type: "text/plain", body: "changed" }]);
  assertEquals((await other("/a", { "if-none-match": tag })).status, 200);
  const head = await get("/a", { method: "HEAD" });
  assertEquals([head.status, await head.text(), head.headers.get("content-length")], [200, "", "5000"]);
});
