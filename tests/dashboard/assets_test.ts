/** The committed page is the one that its sources make, and small. */

import { assert, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import { constants, gzipSync } from "node:zlib";
import { NOTIFICATION_TYPES } from "../../src/core/messages/notifications.ts";
import { EVENT_TYPES } from "../../src/dashboard/live/event_types.ts";
import { digestOfAssets, digestOfSources, paletteSheet } from "./build.ts";

const ASSETS = fileURLToPath(new URL("../../src/dashboard/assets/", import.meta.url));

/** Most bytes of the whole page, gzipped. */
const MAX_BYTES = 100 * 1024;

Deno.test("the assets are those of the present sources", async () => {
  assertEquals(await digestOfAssets(), await digestOfSources(), "run deno task dashboard, and commit the assets");
});

Deno.test("the style sheet has the colours of the palette", async () => {
  const sheet = await Deno.readTextFile(new URL("../styles/palette.css", `file://${ASSETS}`));
  assertEquals(sheet, paletteSheet(), "run deno task dashboard");
});

Deno.test("the whole page is at most 100 KB gzipped, as the server sends it", async () => {
  let bytes = 0;
  for (const name of ["index.html", "app.js", "app.css", "layout_worker.js"]) {
    bytes += gzipSync(await Deno.readFile(ASSETS + name), { level: constants.Z_BEST_COMPRESSION }).length;
  }
  assert(bytes <= MAX_BYTES, `${bytes} bytes`);
});

Deno.test("the page listens for every type of event", () => {
  assertEquals(new Set<string>(EVENT_TYPES), new Set<string>(NOTIFICATION_TYPES));
});
