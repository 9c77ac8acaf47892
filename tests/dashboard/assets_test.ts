/** The committed page is the one that its sources make, and small. */

import { assert, assertEquals } from "@std/assert";
import { constants, gzipSync } from "node:zlib";
import { NOTIFICATION_TYPES } from "../../src/core/messages/notifications.ts";
import { ASSETS } from "../../src/dashboard/assets/mod.ts";
import { EVENT_TYPES } from "../../src/dashboard/live/event_types.ts";
import { digestOfAssets, digestOfSources, paletteSheet } from "./build.ts";

/** Most bytes that the first page loads, gzipped, and most of all that it may load later, too. */
const MAX_FIRST_BYTES = 100 * 1024;
const MAX_BYTES = 120 * 1024;

Deno.test("the assets are those of the present sources", async () => {
  assertEquals(await digestOfAssets(), await digestOfSources(), "run deno task dashboard, and commit the assets");
});

Deno.test("the style sheet has the colours of the palette", async () => {
  const sheet = await Deno.readTextFile(new URL("../../src/dashboard/styles/palette.css", import.meta.url));
  assertEquals(sheet, paletteSheet(), "run deno task dashboard");
});

Deno.test("the first page is at most 100 KB gzipped, as the server sends it, and little is loaded later", () => {
  const bytesOf = (assets: typeof ASSETS) =>
    assets.reduce((sum, { body }) => sum + gzipSync(body, { level: constants.Z_BEST_COMPRESSION }).length, 0);
  const first = bytesOf(ASSETS.filter(({ path }) => path !== "/markdown_reader.js"));
  assert(first <= MAX_FIRST_BYTES, `${first} bytes`);
  const all = bytesOf(ASSETS);
  assert(all <= MAX_BYTES, `${all} bytes`);
});

Deno.test("the page listens for every type of event", () => {
  assertEquals(new Set<string>(EVENT_TYPES), new Set<string>(NOTIFICATION_TYPES));
});
