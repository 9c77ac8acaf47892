import { assertEquals } from "@std/assert";
import { createGrid } from "../../../../src/dashboard/plan/painter/grid.ts";
import { createRandom } from "../plans.ts";

const BOUNDS = { x: -500, y: 0, width: 8_000, height: 6_000 };

function randomRectangles(count: number) {
  const random = createRandom(count);
  const sizes = Array.from({ length: count }, () => ({ width: 400 * random(), height: 300 * random() }));
  return {
    x: sizes.map(({ width }) => BOUNDS.x + random() * (BOUNDS.width - width)),
    y: sizes.map(({ height }) => BOUNDS.y + random() * (BOUNDS.height - height)),
    width: sizes.map(({ width }) => width),
    height: sizes.map(({ height }) => height),
  };
}

Deno.test("an area finds the rectangles that touch it, in rising order", () => {
  const count = 500;
  const all = randomRectangles(count);
  const grid = createGrid(count, () => all, BOUNDS);
  for (const area of [{ x: 0, y: 0, width: 900, height: 700 }, { x: 6_000, y: 5_000, width: 3_000, height: 3_000 }]) {
    const touching = Array.from({ length: count }, (_, i) => i).filter((i) =>
      all.x[i]! <= area.x + area.width && area.x <= all.x[i]! + all.width[i]! &&
      all.y[i]! <= area.y + area.height && area.y <= all.y[i]! + all.height[i]!
    );
    assertEquals(grid.find(area), touching);
  }
});

Deno.test("an area around everything finds all without looking at any", () => {
  let looks = 0;
  const all = randomRectangles(50);
  const grid = createGrid(50, () => {
    looks++;
    return all;
  }, BOUNDS);
  const whole = { x: BOUNDS.x - 10, y: BOUNDS.y, width: BOUNDS.width + 10, height: BOUNDS.height };
  assertEquals(grid.find(whole), Array.from({ length: 50 }, (_, i) => i));
  assertEquals(looks, 0);
  grid.find({ ...whole, width: BOUNDS.width });
  grid.find({ ...whole, width: BOUNDS.width });
  assertEquals(looks, 1);
});
