/** Shows that no new id can be mistaken for another one, and that those of old journals stay usable. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Command } from "../../../src/core/messages/commands.ts";
import { IdMap } from "../../../src/core/model/id_map.ts";
import type { Event } from "../../../src/core/messages/events.ts";
import { emptyState, type State } from "../../../src/core/state/state.ts";
import { evolve } from "../../../src/core/state/evolve.ts";
import { checkId, printable } from "../../../src/core/model/values.ts";
import { claim, complete, create, importing, newTask, oldTask, refusalOf, run, taskWith } from "../given.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

test("whatever has its id in the path of a URL cannot be made with . or .. as its id", () => {
  const template = { name: "t", parameters: [], tasks: [newTask("a")] };
  const state = emptyState();
  run(state, { type: "save_template", template }, 1);
  for (const id of [".", ".."]) {
    const commands: readonly Command[] = [
      create(newTask("a"), newTask(id)),
      create(taskWith({ assignTo: { instance: id } }, "a")),
      { type: "create_group", id, settings: {} },
      { type: "save_template", template: { ...template, name: id } },
      { type: "apply_template", name: "t", group: id, settings: {}, parameters: {} },
      { type: "register_instance", instance: id, settings: {} },
      claim(id),
      { type: "issue_token", token: { name: id, role: "worker", digest: "a".repeat(64) } },
      { type: "issue_token", token: { name: "ci", role: "worker", digest: "a".repeat(64), instance: id } },
      { type: "add_webhook", webhook: { name: id, id: "i", url: "https://example.com/", secret: "s" } },
    ];
    for (const command of commands) {
      const { code, message } = refusalOf(() => run(state, command, 2));
      assertEquals(code, "invalid_value", message);
      assert(message.includes(` ${id} cannot be in the path of a URL: give another one`), message);
    }
  }
  run(state, create(...[".a", "a.", "...", ". ."].map((id) => newTask(id))), 3);
});

test("what has . or .. as its id already stays usable, and a plan that has it can be imported", () => {
  const state = emptyState();
  evolve(state, { type: "tasks.created", tasks: [newTask(".")] }, 1);
  run(state, { type: "update_task", id: ".", description: "New", settings: {} }, 2);
  run(state, claim("ann", "."), 3);
  run(state, complete("ann", "."), 4);
  evolve(
    state,
    { type: "template.saved", template: { name: ".", parameters: [], tasks: [newTask("a")] }, version: 1 },
    5,
  );
  run(state, { type: "save_template", template: { name: ".", parameters: [], tasks: [newTask("b")] } }, 6);
  const copy = emptyState();
  run(copy, importing(oldTask(".", { group: ".." }), oldTask("..", { status: "in_progress", assignedTo: "." })), 1);
  run(copy, complete(".", ".."), 2);
  assertEquals([...copy.tasks.keys()], [".", ".."]);
});

test("a map can be made of entries whose ids are not normalized, and so a plan with such a group is imported", () => {
  const map = new IdMap([["e\u0301", 1], ["\uf900", 2]]);
  assertEquals([map.get("e\u0301"), map.twinOf("\u00e9"), map.twinOf("\u8c48")], [1, "e\u0301", "\uf900"]);
  const state = emptyState();
  run(state, importing(oldTask("a", { group: "\uf900" })), 1);
  assertEquals([...state.groups.keys()], ["\uf900"]);
});

test("an id with an invisible character is refused, and the message shows and names it", () => {
  for (
    const [character, name] of [
      ["\u00ad", "U+00AD"],
      ["\u034f", "U+034F"],
      ["\u061c", "U+061C"],
      ["\u200b", "U+200B"],
      ["\u200c", "U+200C"],
      ["\u200d", "U+200D"],
      ["\u200e", "U+200E"],
      ["\u202e", "U+202E"],
      ["\u2060", "U+2060"],
      ["\u2066", "U+2066"],
      ["\u3164", "U+3164"],
      ["\ufe0f", "U+FE0F"],
      ["\u{e0041}", "U+E0041"],
    ] as const
  ) {
    for (const id of [`a${character}b`, `${character}ab`, `ab${character}`]) {
      const { code, message } = refusalOf(() => checkId(id, "Lock"));
      assertEquals(code, "invalid_value");
      assert(message.endsWith(` has an invisible character, ${name}: remove it`), message);
      assert(!message.includes(character), message);
      assertEquals(
        JSON.parse(printable(id)),
        id,
      );
    }
  }
});

test("in emoji, joiners and variation selectors can be seen", () => {
  for (const id of ["👩‍💻", "⚠️ fix", "👩‍👩‍👧/1", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "1️⃣"]) {
    checkId(id, "Task id");
    assertEquals(printable(id), id);
  }
});

const NFC = "café";
const NFD = "cafe\u0301";

test("an id that looks like an existing one is refused, with that one named", () => {
  const cases: readonly (readonly [Command, Command, Command])[] = [NFC, NFD].map((id) => {
    const twin = id === NFC ? NFD : NFC;
    const group = (id: string): Command => ({ type: "create_group", id, settings: {} });
    const template = (name: string): Command => ({
      type: "save_template",
      template: { name, parameters: [], tasks: [newTask("a")] },
    });
    const reserved = (instance: string) => taskWith({ assignTo: { instance } }, "a");
    const register = (instance: string): Command => ({ type: "register_instance", instance, settings: {} });
    return [
      [create(newTask(id)), create(newTask(twin)), create(newTask(`${id} 2`))],
      [create(newTask("a")), create(newTask(id), newTask(twin)), create(newTask(id), newTask("b"))],
      [group(id), group(twin), group("other")],
      [template(id), template(twin), template(id)],
      [register(id), register(twin), register(id)],
      [register(id), claim(twin), claim(id)],
      [register(id), create(reserved(twin)), create(reserved(id))],
      [
        register(id),
        importing({ ...oldTask("a"), ...reserved(twin) }),
        importing({ ...oldTask("a"), ...reserved(id) }),
      ],
    ] as const;
  }).flat();
  for (const [first, twin, other] of cases) {
    const state = emptyState();
    run(state, first, 1);
    const { code, message } = refusalOf(() => run(state, twin, 2));
    assertEquals(code, "already_exists");
    assert(/exists already in another spelling, caf.*\((café|caf\\u00e9|cafe\\u0301)\)/.test(message), message);
    run(state, other, 3);
  }
});

test("a task cannot be reserved for an id that looks like that of a known instance, by any call", () => {
  const state = emptyState();
  run(state, create(newTask("held"), newTask("a")), 1);
  run(state, claim(NFD, "held"), 2);
  const assignTo = { instance: NFC };
  const calls: readonly Command[] = [
    { type: "update_task", id: "a", settings: { assignTo } },
    { type: "bulk_update", filter: { ids: ["a"] }, action: { type: "assign", assignTo }, isAtomic: true },
    create(taskWith({ assignTo }, "b")),
  ];
  for (const call of calls) {
    const { code, data } = refusalOf(() => run(state, call, 3));
    assertEquals([code, data], ["already_exists", { id: NFC, existing: NFD }]);
  }
  run(state, { type: "update_task", id: "a", settings: { assignTo: { instance: NFD } } }, 4);
});

test("what is named in another spelling is not found, and the existing one is named: it cannot be created", () => {
  for (const [id, twin] of [[NFC, NFD], [NFD, NFC]] as const) {
    const state = emptyState();
    run(state, { type: "create_group", id, settings: {} }, 1);
    run(state, create(newTask(id)), 2);
    const calls: readonly Command[] = [
      create(newTask("a", twin)),
      create(newTask("a", { group: twin })),
      create(taskWith({ group: twin }, "a")),
      { type: "update_task", id, settings: { group: twin } },
    ];
    for (const call of calls) {
      const { code, message, data, remedies } = refusalOf(() => run(state, call, 3));
      assert(code === "dependency_not_found" || code === "not_found", code);
      assert(message.includes(`; there is ${id} (`), message);
      assertEquals([data["existing"], remedies], [id, []]);
    }
  }
});

test("who holds tasks without being registered is known, too", () => {
  const state = emptyState();
  run(state, create(newTask("a"), newTask("b")), 1);
  run(state, claim(NFD, "a"), 2);
  assertEquals(refusalOf(() => run(state, claim(NFC, "b"), 3)).data, { id: NFC, existing: NFD });
  run(state, complete(NFD, "a"), 4);
  run(state, claim(NFC, "b"), 5);
});

test("an id is free again once what looks like it is gone", () => {
  const state = emptyState();
  for (const id of [NFD, NFC, NFD]) {
    run(state, create(newTask(id)), 1);
    run(state, { type: "delete_task", id }, 2);
  }
});

test("ids that an old journal has stay usable", () => {
  const state = emptyState();
  const [task, group, instance] = ["t\u200b", "g\u200b", "i\u200b"] as const;
  const events: readonly Event[] = [
    { type: "group.created", group: { id: group } },
    { type: "tasks.created", tasks: [{ ...newTask(task), group }, newTask(NFC), newTask(NFD)] },
    { type: "instance.registered", instance, settings: {} },
  ];
  for (const event of events) evolve(state, event, 1);
  run(state, create({ ...newTask("next", task), group }), 2);
  run(state, { type: "update_task", id: NFC, settings: { group } }, 3);
  run(state, claim(instance, task), 3);
  run(state, { type: "heartbeat", instance }, 4);
  run(state, complete(instance, task), 5);
  run(state, { type: "delete_task", id: NFD }, 6);
  run(state, { type: "update_task", id: NFC, description: "new" }, 7);
  assertEquals(statusOf(state, task), "completed");
});

function statusOf(state: State, id: string): string | undefined {
  return state.tasks.get(id)?.task.status;
}

test("a map finds an id that differs by normalization only, after any history", () => {
  const ids = [
    "e\u0301",
    "é",
    "a",
    "q\u0307\u0323",
    "q\u0323\u0307",
    "\u212b",
    "Å",
    "A\u030a",
    "ệ",
    "ê\u0323",
    "e\u0323\u0302",
  ];
  const step = fc.record({ id: fc.constantFrom(...ids), isAdded: fc.boolean() });
  fc.assert(fc.property(fc.array(step), (steps) => {
    const map = new IdMap<number>();
    const plain = new Map<string, number>();
    for (const [index, { id, isAdded }] of steps.entries()) {
      for (const each of [map, plain]) {
        if (isAdded) each.set(id, index);
        else each.delete(id);
      }
    }
    assertEquals([...map], [...plain]);
    for (const id of ids) {
      const twins = [...plain.keys()].filter((other) => other !== id && other.normalize() === id.normalize());
      const twin = map.twinOf(id);
      assert(twins.length === 0 ? twin === undefined : twin !== undefined && twins.includes(twin));
    }
  }));
});
