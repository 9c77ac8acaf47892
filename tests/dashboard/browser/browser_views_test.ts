/** The tests of the dashboard in a browser: how views look, and follow what happens. See browser_test.ts. */

import "./plan_and_time.ts";
import "./timeline.ts";
import "./live.ts";
import "./hidden.ts";
import "./looks.ts";
import { closeChromium } from "./support/chromium.ts";
import { endSharedPlace } from "./support/place.ts";

Deno.test.afterAll(async () => {
  await closeChromium();
  await endSharedPlace();
});
