/** Shows how the graph is drawn, that no id can break the drawing, and that it is bounded. */

import { assert, assertEquals } from "@std/assert";
import { drawGraph, MAX_ARROWS, MAX_DRAWN } from "../../../src/core/views/mermaid.ts";
import { evolve } from "../../../src/core/state/evolve.ts";
import { emptyState } from "../../../src/core/state/state.ts";
import {
  cancel,
  claim,
  create,
  importing,
  newTask,
  oldTask,
  stateAfter,
  type Step,
  taskWith,
  times,
  work,
} from "../given.ts";

/** Mermaid refuses longer texts unless configured (`maxTextSize`). */
const MAX_DRAWING_CHARACTERS = 50_000;

Deno.test({
  name: "drawGraph draws every task with its status or readiness, and every dependency",
  permissions: "none",
  fn() {
    const tasks = [newTask("a"), newTask("b", "a"), newTask("c", "b"), newTask("d"), newTask("e", "d"), newTask("f")];
    assertEquals(drawn(create(...tasks), ...work("x", "a"), claim("y", "b"), cancel("d")), [
      "flowchart TD",
      `t1["a<br/>completed"]:::completed`,
      `t2["b<br/>in_progress · y"]:::in_progress`,
      `t3["c<br/>waiting"]:::waiting`,
      `t4["d<br/>cancelled"]:::cancelled`,
      `t5["e<br/>blocked"]:::blocked`,
      `t6["f<br/>ready"]:::ready`,
      "t1 --> t2",
      "t2 --> t3",
      "t4 --> t5",
    ]);
  },
});

Deno.test({
  name: "drawGraph draws conditions as dotted arrows, from each task or group once, and groups as hexagons",
  permissions: "none",
  fn() {
    const condition = { any: [{ task: "b", on: "failed" }, { all: ["a", { group: "g" }] }] } as const;
    const history = [
      { type: "create_group", id: "g", settings: {} },
      create(
        newTask("a"),
        taskWith({ group: "g" }, "b"),
        taskWith({ group: "g" }, "c", { task: "a", on: "failed" }),
        taskWith({ notBefore: 9_000 }, "d"),
        newTask("e", "b", condition, { at_least: 1, of: { group: "g" } }),
      ),
      ...work("x", "a"),
    ] as const;
    assertEquals(drawn(...history), [
      "flowchart TD",
      `t1["a<br/>completed"]:::completed`,
      `t2["b<br/>ready"]:::ready`,
      `t3["c<br/>skipped"]:::skipped`,
      `t4["d<br/>delayed"]:::delayed`,
      `t5["e<br/>waiting"]:::waiting`,
      `g1{{"group g<br/>0 of 2"}}`,
      "t1 -.-> t3",
      "t2 --> t5",
      "t2 -.-> t5",
      "t1 -.-> t5",
      "g1 -.-> t5",
    ]);
  },
});

Deno.test({
  name: "drawGraph draws an empty graph",
  permissions: "none",
  fn: () => assert(drawGraph(emptyState()).startsWith("flowchart TD\n")),
});

Deno.test({
  name: "drawGraph lets no id or instance out of its label",
  permissions: "none",
  fn() {
    const id = `"]; t1 "<b>#q;&\`\\%`;
    const [, node = ""] = drawn(create(newTask(id)), claim(id, id));
    const [, label = "", rest] = /^t1\["([^"]*)"(\]:::in_progress)$/.exec(node) ?? [];
    assertEquals(rest, "]:::in_progress", node);
    const decoded = label.replaceAll(/#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)));
    assertEquals(decoded, `${id}<br/>in_progress · ${id}`);
    assert(!/["<>&`\\%|()[\]{}]/.test(label.replace("<br/>", "")), label);
  },
});

Deno.test({
  name: "drawGraph writes only characters with a meaning to Mermaid or HTML as entity codes",
  permissions: "none",
  fn() {
    const special = `"#<>&\`\\;%|()[]{}`;
    const characters = [...times(94, (index) => String.fromCodePoint(0x21 + index)), "é", "任", "→", "·", "…", "🦕"];
    for (const character of characters) {
      const shown = special.includes(character) ? `#${character.codePointAt(0)};` : character;
      assertEquals(drawn(create(newTask(`a${character}b`)))[1], `t1["a${shown}b<br/>ready"]:::ready`);
    }
  },
});

Deno.test({
  name: "drawGraph cuts ids and holders above 60 characters, never within a character or an entity code",
  permissions: "none",
  fn() {
    const a = (count: number) => "a".repeat(count);
    assertEquals(drawn(create(newTask(a(60))))[1], `t1["${a(60)}<br/>ready"]:::ready`);
    assertEquals(drawn(create(newTask(a(61))))[1], `t1["${a(60)}…<br/>ready"]:::ready`);
    assertEquals(drawn(create(newTask("a" + "🦕".repeat(30))))[1], `t1["a${"🦕".repeat(29)}…<br/>ready"]:::ready`);
    assertEquals(drawn(create(newTask("#".repeat(15))))[1], `t1["${"#35;".repeat(15)}<br/>ready"]:::ready`);
    assertEquals(drawn(create(newTask("a" + "#".repeat(15))))[1], `t1["a${"#35;".repeat(14)}…<br/>ready"]:::ready`);
    const held = (by: string) => drawn(create(newTask("t")), claim(by))[1];
    assertEquals(held(a(60)), `t1["t<br/>in_progress · ${a(60)}"]:::in_progress`);
    assertEquals(held(a(61)), `t1["t<br/>in_progress · ${a(60)}…"]:::in_progress`);
  },
});

Deno.test({
  name: "drawGraph draws 200 tasks, unfinished ones before finished ones and of those the latest, and says so",
  permissions: "none",
  fn() {
    const tasks = (open: number, ended: number) => [
      importing(
        ...times(ended, (index) => oldTask(`e${index}`, { status: "completed" })),
        ...times(open, (index) => oldTask(`o${index}`)),
      ),
    ];
    const count = (lines: readonly string[], start: string) =>
      lines.filter((line) => line.includes(`["${start}`)).length;
    const most = drawn(...tasks(MAX_DRAWN - 2, 2));
    assertEquals([count(most, "o"), count(most, "e")], [MAX_DRAWN - 2, 2]);
    assert(!most.some((line) => line.startsWith("%%")));

    const over = drawn(...tasks(MAX_DRAWN - 2, 3));
    assertEquals(over[1], `%% ${MAX_DRAWN} of ${MAX_DRAWN + 1} tasks are shown`);
    assertEquals([count(over, "o"), count(over, "e")], [MAX_DRAWN - 2, 2]);
    assertEquals(count(over, "e0<"), 0);

    const onlyOpen = drawn(...tasks(MAX_DRAWN + 1, 5));
    assertEquals([count(onlyOpen, "o"), count(onlyOpen, "e")], [MAX_DRAWN, 0]);
    const onlyEnded = drawn(...tasks(0, MAX_DRAWN + 1));
    assertEquals(count(onlyEnded, "e"), MAX_DRAWN);
  },
});

Deno.test({
  name: "drawGraph draws no dependency on a task that is not drawn",
  permissions: "none",
  fn() {
    const ended = times(MAX_DRAWN + 1, (index) => oldTask(`e${index}`, { status: "completed" }));
    const lines = drawn(importing(...ended, oldTask("o", { dependencies: ["e0", "e1", "e2"] })));
    assertEquals(lines.filter((line) => line.includes("-->")), [`t1 --> t${MAX_DRAWN}`]);
  },
});

Deno.test({
  name: "drawGraph draws 400 dependencies, those of the first tasks, and says so",
  permissions: "none",
  fn() {
    const first = times(MAX_ARROWS / 4, (index) => newTask(`a${index}`));
    const ids = first.map(({ id }) => id);
    const rest = times(4, (index) => newTask(`b${index}`, ...ids));
    const arrows = rest.flatMap((_, index) => ids.map((_, from) => `t${from + 1} --> t${ids.length + 1 + index}`));

    const most = drawn(create(...first, ...rest));
    assertEquals(most.filter((line) => line.includes("-->")), arrows);
    assert(!most.some((line) => line.startsWith("%%")));

    const over = drawn(create(...first, ...rest, newTask("c", "a0")));
    assertEquals(over[1], `%% ${MAX_ARROWS} of ${MAX_ARROWS + 1} dependencies are shown`);
    assertEquals(over.filter((line) => line.includes("-->")), arrows);
    assertEquals(over.filter((line) => line.includes(":::")).length, ids.length + rest.length + 1);

    const both = drawn(
      create(...first, ...rest, newTask("c", "a0"), ...times(MAX_DRAWN, (index) => newTask(`d${index}`))),
    );
    assertEquals(both.slice(1, 3), [
      `%% ${MAX_DRAWN} of ${ids.length + rest.length + 1 + MAX_DRAWN} tasks are shown`,
      `%% ${MAX_ARROWS} of ${MAX_ARROWS + 1} dependencies are shown`,
    ]);
  },
});

for (const character of ["a", "任", "🦕", `"`, "#", "`", "{"]) {
  for (const isHeld of [false, true]) {
    const tasks = `300 ${isHeld ? "held" : "waiting"} tasks`;
    Deno.test({
      name: `drawGraph stays within what Mermaid takes for ${tasks} with ids of ${character}`,
      permissions: "none",
      fn() {
        const idOf = (index: number) => character.repeat(197) + String(index).padStart(3, "0");
        const before = (index: number) => times(Math.min(index, 10), (offset) => idOf(index - 1 - offset));
        const drawing = drawGraph(stateAfter(
          importing(
            ...times(300, (index) =>
              oldTask(idOf(index), {
                dependencies: before(index),
                ...(isHeld && { status: "in_progress", assignedTo: character.repeat(200) }),
              })),
          ),
        ));
        assert(drawing.length <= MAX_DRAWING_CHARACTERS, `${drawing.length} characters`);
        assertEquals(drawing.split("-->").length - 1, MAX_ARROWS);
        assertEquals(drawing.split(":::").length - 1, MAX_DRAWN);
      },
    });
  }
}

/** The lines of the drawing, without its styles. */
function drawn(...history: readonly Step[]): readonly string[] {
  const lines = drawGraph(stateAfter(...history)).trimEnd().split("\n").map((line) => line.trim());
  return lines.filter((line) => !line.startsWith("classDef "));
}

Deno.test({
  name: "drawGraph draws 50 conditions of a task, so that those of others have room",
  permissions: "none",
  fn() {
    const many = times(100, (index) => newTask(`m${index}`));
    const any = many.map(({ id }) => id);
    const lines = drawn(create(...many, newTask("a", { any }), newTask("b", { any: any.toReversed() })));
    for (const waiter of ["t101", "t102"]) {
      assertEquals(lines.filter((line) => line.endsWith(` -.-> ${waiter}`)).length, 50);
    }
  },
});

Deno.test({
  name: "drawGraph draws 50 groups, however many there are and however long their names",
  permissions: "none",
  fn() {
    const state = emptyState();
    const ids = times(20_000, (index) => `${index}${"#".repeat(150)}`);
    for (const id of ids) evolve(state, { type: "group.created", group: { id } }, 1);
    const tasks = times(20, (index) => {
      const groups = ids.slice(index * 1_000, (index + 1) * 1_000);
      return newTask(`t${index}`, { any: groups.map((group) => ({ group })) });
    });
    evolve(state, { type: "tasks.created", tasks }, 2);
    const drawing = drawGraph(state);
    assert(drawing.length <= MAX_DRAWING_CHARACTERS, `${drawing.length} characters`);
    const lines = drawing.split("\n");
    assertEquals(lines.filter((line) => line.includes("{{")).length, 50);
    assertEquals(lines.filter((line) => line.includes("-.->")).length, 50);
  },
});
