/** The tests of the dashboard in a browser. They are in one module, so that they share one Chromium and one service. */

import "./sign_in.ts";
import "./task_actions.ts";
import "./bulk.ts";
import "./groups_and_templates.ts";
import "./administration.ts";
import "./watching.ts";
import "./plan_and_time.ts";
import "./live.ts";
import "./hidden.ts";
import "./hostile.ts";
import "./keyboard.ts";
import "./looks.ts";
import "./projects.ts";
import { closeChromium } from "./support/chromium.ts";
import { endSharedPlace } from "./support/place.ts";

Deno.test.afterAll(async () => {
  await closeChromium();
  await endSharedPlace();
});
