/** The camera's arithmetic. */

import { assertEquals } from "@std/assert";
import { withinBounds } from "../../../../src/dashboard/plan/painter/camera.ts";

const permissions = "none";
const PLAN = { x: 0, y: 0, width: 1_000, height: 100 };
const SIZE = { width: 400, height: 300 };

Deno.test({
  name: "a camera beside the plan comes back to its edge, a plan smaller than the canvas to its middle",
  permissions,
  fn: () => {
    // At zoom 1 the margin is 40.
    assertEquals(withinBounds({ x: -500, y: 0, zoom: 1 }, PLAN, SIZE), { x: -40, y: -100, zoom: 1 });
    assertEquals(withinBounds({ x: -Infinity, y: 0, zoom: 1 }, PLAN, SIZE).x, -40);
    assertEquals(withinBounds({ x: 5_000, y: 0, zoom: 1 }, PLAN, SIZE).x, 640);
    assertEquals(withinBounds({ x: 300, y: -100, zoom: 1 }, PLAN, SIZE), { x: 300, y: -100, zoom: 1 });
  },
});
