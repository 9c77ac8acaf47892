import { assert, assertEquals } from "@std/assert";
import { createLayouter, type Layouter } from "../../../../src/dashboard/plan/layout/layouter.ts";
import { DIMMED } from "../../../../src/dashboard/plan/painter/brush.ts";
import { toScreen } from "../../../../src/dashboard/plan/painter/camera.ts";
import { createPainter, LIVE_MS, MAX_ANIMATION_MS } from "../../../../src/dashboard/plan/painter/painter.ts";
import { LIGHT } from "../../../../src/dashboard/plan/palette.ts";
import { STATUS_GLYPHS, STATUS_WORDS, STATUSES } from "../../../../src/dashboard/plan/statuses.ts";
import { graphOf, grownPlan, type PlanText, realisticPlan } from "../plans.ts";
import { createRecordingContext } from "./recording_context.ts";

const permissions = "none";
const SIZE = { width: 1_000, height: 600 };
const MIDDLE = { x: 500, y: 300 };
const WAITING = STATUSES.indexOf("waiting");

/** A painter whose frames and time the test lets pass. */
function given({ reducedMotion = true, title = "" } = {}) {
  const { context, drawn, clear } = createRecordingContext();
  const frames: ((atMs: number) => void)[] = [];
  const timers = new Map<number, { readonly act: () => void; readonly atMs: number }>();
  let cancelled = 0, nowMs = 0, started = 0;
  const painter = createPainter({
    context,
    requestFrame: (paint) => frames.push(paint),
    cancelFrame: () => void cancelled++,
    now: () => nowMs,
    startTimer: (act, afterMs) => {
      timers.set(++started, { act, atMs: nowMs + afterMs });
      return started;
    },
    cancelTimer: (timer) => void timers.delete(timer),
    // Names its path, as no path can be made outside a browser.
    createPath: (path) => ({ toString: () => path }) as Path2D,
    hasReducedMotion: () => reducedMotion,
  }, { palette: LIGHT, size: SIZE, ratio: 2 });
  const detailsOf = (count: number, critical: readonly number[] = []) => ({
    titles: Array.from({ length: count }, () => title),
    workers: Array.from({ length: count }, () => ""),
    progress: new Float32Array(count).fill(-1),
    status: new Uint8Array(count).fill(WAITING),
    critical: Uint8Array.from({ length: count }, (_, task) => Number(critical.includes(task))),
  });
  const show = (plan: PlanText, layouter: Layouter = createLayouter(), critical: readonly number[] = []) => {
    const graph = graphOf(plan);
    painter.show(graph, layouter.layOut(graph), detailsOf(plan.tasks.length, critical));
  };
  /** Paints what is due, now or at a later time; returns how many frames there were. */
  const paint = (atMs = nowMs) => {
    nowMs = atMs;
    for (const [timer, { act, atMs: dueMs }] of timers) {
      if (dueMs > nowMs) continue;
      timers.delete(timer);
      act();
    }
    clear();
    const due = frames.splice(0);
    for (const frame of due) frame(atMs);
    return due.length;
  };
  const at = (id: string) => painter.scene()?.itemByKey.get(`task ${id}`) ?? -1;
  return { painter, drawn, frames, timers, show, paint, at, cancelled: () => cancelled };
}

const CHAIN: PlanText = {
  tasks: ["a", "b", "c", "d", "lonely"].map((id) => ({ id, group: "work" })),
  edges: [["a", "b"], ["b", "c", "on failed"], ["c", "d"]],
};

Deno.test({
  name: "near: cards with ids, status words, glyphs and what edges ask for",
  permissions,
  fn: () => {
    const { drawn, show, paint, painter } = given();
    show(CHAIN);
    painter.zoomAround(MIDDLE, 0.8 / painter.camera().zoom);
    paint();
    const texts = drawn.texts.map(({ text }) => text);
    for (const text of ["work", "a", "b", STATUS_WORDS.waiting, "on failed", "0/5"]) assert(texts.includes(text), text);
    assert(drawn.glyphs.includes(STATUS_GLYPHS.waiting));
  },
});

Deno.test({
  name: "a step back: ids alone, in up to two lines of letters that can be read, and glyphs",
  permissions,
  fn: () => {
    const { drawn, show, paint, painter } = given({ title: "A title" });
    const ids = ["short", "two-words-of-an-id", `${"x".repeat(60)}-y`];
    show({ tasks: ids.map((id) => ({ id })), edges: [["short", "two-words-of-an-id", "on failed"]] });
    for (const zoom of [0.42, 0.5, 0.59, 0.6, 0.79]) {
      painter.zoomAround(MIDDLE, zoom / painter.camera().zoom);
      paint();
      const texts = drawn.texts.map(({ text }) => text);
      assertEquals([texts[0], `${texts[1]}${texts[2]}`], ["short", "two-words-of-an-id"], `at ${zoom}`);
      assert(texts[1]?.endsWith("-"));
      assert(texts.includes("on failed"));
      assertEquals(texts.filter((text) => text === "A title" || text === STATUS_WORDS.waiting), []);
      assertEquals(drawn.glyphs.length, 3);
      const cards = drawn.texts.filter(({ text }) => text !== "on failed");
      for (const { size } of cards) assert(size * zoom >= 10 && size * zoom <= 14, `${size * zoom} pixels at ${zoom}`);
      assertEquals(cards.length, 5);
    }
  },
});

Deno.test({
  name: "what edges ask for stands on each of them, not on another's text, where they meet, too",
  permissions,
  fn: () => {
    const { drawn, show, paint, painter } = given();
    show({
      tasks: ["a", "b", "c", "d"].map((id) => ({ id })),
      joins: [{ id: "any", label: "any" }],
      edges: [["a", "b"], ["a", "any", "on failed"], ["b", "any", "on failed"], ["b", "c", "verdict = ok"], [
        "any",
        "d",
      ]],
    });
    painter.zoomAround(MIDDLE, 0.8 / painter.camera().zoom);
    paint();
    const chips = drawn.texts.filter(({ text }) => text === "on failed" || text === "verdict = ok");
    assertEquals(chips.length, 3);
    chips.forEach(({ x, y }, index) => {
      for (const other of chips.slice(0, index)) assert(Math.abs(other.y - y) >= 12 || Math.abs(other.x - x) >= 40);
    });
  },
});

Deno.test({
  name: "in between: blocks with glyphs, and no text but the group's name",
  permissions,
  fn: () => {
    const { drawn, show, paint, painter } = given();
    show(CHAIN);
    painter.zoomAround(MIDDLE, 0.3 / painter.camera().zoom);
    paint();
    assertEquals(drawn.texts.map(({ text }) => text), ["work"]);
    assertEquals(drawn.glyphs.length, 5);
  },
});

Deno.test({
  name: "from afar: a tile for each task, no glyphs, and no edges within a box",
  permissions,
  fn: () => {
    const { drawn, show, paint, painter } = given();
    show(CHAIN);
    painter.zoomAround(MIDDLE, 0.1 / painter.camera().zoom);
    paint();
    assertEquals(drawn.glyphs, []);
    assertEquals(drawn.shapes.filter(({ kind }) => kind === "rect").length, 5);
    assert(drawn.strokes.every(({ colour }) => colour !== LIGHT.edge));
  },
});

Deno.test({
  name: "nothing outside the view is drawn",
  permissions,
  fn: () => {
    const { drawn, show, paint, painter } = given();
    show(realisticPlan(400, 1));
    painter.zoomAround(MIDDLE, 1 / painter.camera().zoom);
    paint();
    const { x, y } = painter.camera();
    const far = drawn.shapes.filter(({ kind, ...shape }) =>
      kind === "arc" && (shape.x < x - 250 || shape.x > x + SIZE.width + 250 || shape.y < y - 100 || shape.y > y + 700)
    );
    assertEquals(far, []);
    assert(drawn.shapes.length < 400, `${drawn.shapes.length} shapes`);
    painter.panBy({ x: -1e6, y: 0 });
    paint();
    assertEquals(drawn.texts, []);
  },
});

Deno.test({
  name: "hostile texts are cut to their card and cannot turn their direction or break the line",
  permissions,
  fn: () => {
    const { drawn, show, paint, painter } = given({ title: `\u202e${"x".repeat(1e6)}` });
    show({ tasks: [{ id: "evil\u202e\n\u0000id" }, { id: "👩‍🚀".repeat(5_000) }, { id: "W".repeat(1e6) }], edges: [] });
    painter.zoomAround(MIDDLE, 0.8 / painter.camera().zoom);
    paint();
    assert(drawn.texts.length > 6);
    for (const { text } of drawn.texts) {
      assert(text.length < 150, `${text.length} characters`);
      assert(!/[\n\0\u202e]/.test(text));
      assert(text.isWellFormed());
    }
    assert(drawn.texts.some(({ text }) => text === "evil id"));
    assert(drawn.texts.some(({ text }) => text.endsWith("…")));
  },
});

Deno.test({
  name: "each text is measured once, whatever the number of frames",
  permissions,
  fn: () => {
    const { drawn, show, paint, painter } = given();
    show(CHAIN);
    paint();
    painter.refresh();
    paint(LIVE_MS);
    assert(drawn.texts.length > 0);
    assertEquals(drawn.measured, 0);
  },
});

Deno.test({
  name: "many changes are one frame, and without change there is none",
  permissions,
  fn: () => {
    const { show, paint, painter, drawn, frames } = given();
    show(CHAIN);
    painter.zoomAround(MIDDLE, 0.8 / painter.camera().zoom);
    paint();
    assertEquals(paint(), 0);
    for (let i = 0; i < 500; i++) painter.setStatus(i % 5, i % STATUSES.length);
    painter.setStatus(0, STATUSES.indexOf("failed"));
    const before = painter.camera();
    assertEquals(frames.length, 0);
    assertEquals(paint(LIVE_MS), 1);
    assertEquals(painter.camera(), before);
    assert(drawn.texts.some(({ text, colour }) => text === STATUS_WORDS.failed && colour === LIGHT.statusTexts.failed));
  },
});

Deno.test({
  name: "a live change is in the next frame, those right after it a little later, or with what the user does",
  permissions,
  fn: () => {
    const { show, paint, painter, drawn, frames, timers } = given();
    show(CHAIN);
    painter.zoomAround(MIDDLE, 0.8 / painter.camera().zoom);
    paint();
    paint(LIVE_MS);
    const change = (status: "completed" | "failed") => painter.setStatus(0, STATUSES.indexOf(status));
    const isDrawn = (status: "completed" | "failed") => drawn.texts.some(({ text }) => text === STATUS_WORDS[status]);
    change("completed");
    assertEquals(frames.length, 1);
    assertEquals([paint(LIVE_MS + 16), isDrawn("completed")], [1, true]);

    for (let atMs = LIVE_MS + 16; atMs < 2 * LIVE_MS + 16; atMs += 16) {
      change("failed");
      assertEquals(paint(atMs), 0);
    }
    assertEquals(timers.size, 1);
    assertEquals([paint(2 * LIVE_MS + 16), isDrawn("failed")], [1, true]);

    change("completed");
    painter.panBy({ x: 1, y: 0 });
    assertEquals([paint(2 * LIVE_MS + 32), isDrawn("completed")], [1, true]);
    // The picture for the user has the change: none is left to paint.
    assertEquals([timers.size, paint(4 * LIVE_MS)], [0, 0]);
  },
});

Deno.test({
  name: "selecting dims all but the chains and counts them",
  permissions,
  fn: () => {
    const { show, paint, painter, drawn, at } = given();
    show(CHAIN);
    const chains = painter.select(at("b"));
    paint();
    assertEquals([chains?.upstream, chains?.downstream], [1, 2]);
    assertEquals(chains?.items[at("lonely")], 0);
    assert(drawn.fills.some(({ alpha }) => alpha < 0.5));
    assert(drawn.strokes.some(({ colour }) => colour === LIGHT.accent));
    painter.select(undefined);
    paint();
    assert(drawn.fills.every(({ alpha }) => alpha === 1));
  },
});

Deno.test({
  name: "statuses that are asked for stay as they are, all else is dimmed, edges too",
  permissions,
  fn: () => {
    const { show, paint, painter, drawn } = given();
    show(CHAIN);
    painter.zoomAround(MIDDLE, 0.1 / painter.camera().zoom);
    painter.setStatus(0, STATUSES.indexOf("failed"));
    painter.emphasise(new Set([STATUSES.indexOf("failed")]));
    paint();
    const alphaOf = (colour: string) => drawn.fills.filter((fill) => fill.colour === colour).map(({ alpha }) => alpha);
    assertEquals(alphaOf(LIGHT.statuses.failed), [1]);
    assertEquals(alphaOf(LIGHT.statuses.waiting), [DIMMED]);
    painter.zoomAround(MIDDLE, 3);
    paint();
    const edges = drawn.strokes.filter(({ colour }) => colour === LIGHT.edge);
    assert(edges.length > 0);
    assert(edges.every(({ alpha }) => alpha === DIMMED));
    painter.emphasise(undefined);
    paint();
    assert(drawn.fills.every(({ alpha }) => alpha === 1));
  },
});

Deno.test({
  name: "a group's chain holds its members, what they depend on, and what depends on the group",
  permissions,
  fn: () => {
    const { show, painter } = given();
    show({
      tasks: [{ id: "before" }, { id: "in", group: "g" }, { id: "after" }, { id: "other" }],
      edges: [["before", "in"], ["group:g", "after"]],
    });
    const find = (key: string) => painter.select(painter.scene()?.itemByKey.get(key));
    const counts = (key: string) => [find(key)?.upstream, find(key)?.downstream];
    assertEquals(counts("group g"), [1, 1]);
    assertEquals(counts("task before"), [0, 2]);
    assertEquals(counts("task after"), [2, 0]);
  },
});

Deno.test({
  name: "the critical path has its own colour",
  permissions,
  fn: () => {
    const { show, paint, drawn } = given();
    show(CHAIN, createLayouter(), [0, 1]);
    paint();
    const critical = drawn.strokes.filter(({ colour }) => colour === LIGHT.critical);
    assertEquals(critical.length, 3, "two cards and the edge between them");
  },
});

Deno.test({
  name: "a point hits the card before its box, and nothing beside",
  permissions,
  fn: () => {
    const { show, painter, at } = given();
    show(CHAIN);
    const layout = painter.scene()!.layout;
    const pixel = (item: number, dx: number, dy: number) =>
      toScreen(painter.camera(), { x: layout.x[item]! + dx, y: layout.y[item]! + dy });
    assertEquals(painter.itemAt(pixel(at("a"), 5, 5)), at("a"));
    assertEquals(painter.hover(pixel(at("a"), -5, 5)), painter.scene()?.itemByKey.get("group work"));
    assertEquals(painter.itemAt({ x: 2, y: 2 }), undefined);
  },
});

Deno.test({
  name: "what is under the cursor stays there while zooming",
  permissions,
  fn: () => {
    const { show, painter } = given();
    show(CHAIN);
    const pixel = { x: 123, y: 456 };
    const before = painter.camera();
    const point = { x: before.x + pixel.x / before.zoom, y: before.y + pixel.y / before.zoom };
    painter.zoomAround(pixel, 1.7);
    const after = toScreen(painter.camera(), point);
    assert(Math.hypot(after.x - pixel.x, after.y - pixel.y) < 1e-6);
  },
});

for (
  const [name, isSelected] of [["the selection", true], ["a visible card, when none is selected,", false]] as const
) {
  Deno.test({
    name: `a new layout keeps ${name} where it is on the screen`,
    permissions,
    fn: () => {
      const { show, painter, at } = given();
      const plan = realisticPlan(120, 4);
      const chosen = plan.tasks[60]?.id ?? "";
      const places = () => {
        const { layout } = painter.scene()!;
        return new Map(layout.keys.map((key, item) => {
          const { x, y } = toScreen(painter.camera(), { x: layout.x[item]!, y: layout.y[item]! });
          return [key, { x, y, isVisible: x > 0 && y > 0 && x < SIZE.width && y < SIZE.height }];
        }));
      };
      show(plan);
      painter.fit(at(chosen));
      if (isSelected) painter.select(at(chosen));
      const before = places();
      show(grownPlan(plan, 0.3, 2));
      const still = Array.from(places()).filter(([key, { x, y }]) => {
        const was = before.get(key);
        return was?.isVisible && Math.hypot(x - was.x, y - was.y) < 0.5;
      }).map(([key]) => key);
      assert(isSelected ? still.includes(`task ${chosen}`) : still.length > 0, still.join());
    },
  });
}

Deno.test({
  name: "fitting glides for at most 260 ms, and jumps when motion is reduced",
  permissions,
  fn: () => {
    const { show, painter, paint } = given({ reducedMotion: false });
    show(CHAIN);
    paint(0);
    const goal = painter.camera();
    painter.zoomAround(MIDDLE, 0.2);
    painter.fit();
    paint(1_000);
    assert(painter.camera().zoom !== goal.zoom);
    paint(1_100);
    assert(painter.camera().zoom < goal.zoom);
    paint(1_000 + MAX_ANIMATION_MS);
    assertEquals(painter.camera(), goal);
    assertEquals(paint(2_000), 0);

    const still = given();
    still.show(CHAIN);
    still.painter.zoomAround(MIDDLE, 0.2);
    still.painter.fit();
    assertEquals(still.painter.camera(), goal);
  },
});

Deno.test({
  name: "a disposed painter paints no more",
  permissions,
  fn: () => {
    const { show, painter, cancelled, paint, drawn, timers } = given();
    show(CHAIN);
    paint();
    painter.refresh();
    painter.fit();
    painter.dispose();
    assertEquals([cancelled(), timers.size], [1, 0]);
    paint();
    assertEquals(drawn.texts, []);
  },
});
