/**
 * The tests of the dashboard in a browser: what people do there. They are in two modules, which may run beside each other;
 * the tests of each share one Chromium and one service.
 */

import "./sign_in.ts";
import "./task_actions.ts";
import "./bulk.ts";
import "./groups_and_templates.ts";
import "./administration.ts";
import "./replay.ts";
import "./watching.ts";
import "./keyboard.ts";
import "./hostile.ts";
import { closeChromium } from "./support/chromium.ts";
import { endSharedPlace } from "./support/place.ts";

Deno.test.afterAll(async () => {
  await closeChromium();
  await endSharedPlace();
});
