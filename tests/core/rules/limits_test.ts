/** Shows that every bound of the core accepts what lies exactly at it and refuses one more. */

import { assert, assertEquals } from "@std/assert";
import type { Command } from "../../../src/core/messages/commands.ts";
import { decide } from "../../../src/core/rules/decide.ts";
import type { Dependency } from "../../../src/core/model/dependency.ts";
import { evolve } from "../../../src/core/state/evolve.ts";
import {
  MAX_BATCH_TASKS,
  MAX_BULK,
  MAX_BULK_BYTES,
  MAX_DEPENDENCIES,
  MAX_DEPENDENCY_DEPTH,
  MAX_DESCRIPTION_BYTES,
  MAX_EQUALS,
  MAX_ERROR_BYTES,
  MAX_GROUPS,
  MAX_ID_CHARACTERS,
  MAX_MESSAGE_BYTES,
  MAX_NAMES,
  MAX_REASON_BYTES,
  MAX_RESULT_BYTES,
  MAX_TASKS,
  MAX_TEMPLATE_VERSIONS,
  MAX_TITLE_BYTES,
} from "../../../src/core/model/limits.ts";
import { emptyState } from "../../../src/core/state/state.ts";
import {
  cancel,
  claim,
  complete,
  contextAt,
  create,
  fail,
  given,
  importing,
  newTask,
  oldTask,
  refusalOf,
  release,
  run,
  stateAfter,
  type Step,
  taskWith,
  times,
  update,
} from "../given.ts";

const PENDING: readonly Step[] = [create(newTask("a"))];
const HELD: readonly Step[] = [...PENDING, claim("x", "a")];

interface BoundedText {
  readonly what: string;
  readonly limit: number;
  readonly history: readonly Step[];
  readonly command: (text: string) => Command;
  /** How the refusal's message starts. */
  readonly start: string;
}

const TEXTS: readonly BoundedText[] = [
  {
    what: "the description of a new task",
    limit: MAX_DESCRIPTION_BYTES,
    history: [],
    command: (text) => create({ id: "a", description: text, dependencies: [] }),
    start: "Description of task a",
  },
  {
    what: "the description of an imported task",
    limit: MAX_DESCRIPTION_BYTES,
    history: [],
    command: (text) => importing(oldTask("a", { description: text })),
    start: "Description of task a",
  },
  {
    what: "the description of a changed task",
    limit: MAX_DESCRIPTION_BYTES,
    history: PENDING,
    command: (text) => ({ type: "update_task", id: "a", description: text }),
    start: "Description of task a",
  },
  {
    what: "a result",
    limit: MAX_RESULT_BYTES,
    history: HELD,
    command: (text) => complete("x", "a", text),
    start: "Result of task a",
  },
  {
    what: "an imported result",
    limit: MAX_RESULT_BYTES,
    history: [],
    command: (text) => importing(oldTask("a", { status: "completed", result: text })),
    start: "Result of task a",
  },
  {
    what: "an error",
    limit: MAX_ERROR_BYTES,
    history: HELD,
    command: (text) => fail("x", "a", text),
    start: "Error of task a",
  },
  {
    what: "an imported error",
    limit: MAX_ERROR_BYTES,
    history: [],
    command: (text) => importing(oldTask("a", { status: "failed", error: text })),
    start: "Error of task a",
  },
  {
    what: "the message of an imported attempt",
    limit: MAX_ERROR_BYTES,
    history: [],
    command: (message) => {
      const past = (attempt: number, message: string) => {
        return { attempt, instance: "x", startedAt: 110, endedAt: 120, outcome: "failed" as const, message };
      };
      return importing(oldTask("a", { attempt: 2, pastAttempts: [past(1, "short"), past(2, message)] }));
    },
    start: "Message of an attempt of task a",
  },
  {
    what: "an imported progress message",
    limit: MAX_MESSAGE_BYTES,
    history: [],
    command: (message) =>
      importing(
        oldTask("a", {
          status: "in_progress",
          assignedTo: "x",
          attempt: 1,
          startedAt: 110,
          progress: { at: 120, message },
        }),
      ),
    start: "Progress message of task a",
  },
  {
    what: "the error of an attempt that may be repeated",
    limit: MAX_ERROR_BYTES,
    history: HELD,
    command: (text) => ({ ...fail("x", "a", text), isRetryable: true }),
    start: "Error of task a",
  },
  {
    what: "a progress message",
    limit: MAX_MESSAGE_BYTES,
    history: HELD,
    command: (text) => ({ type: "report_progress", id: "a", instance: "x", message: text }),
    start: "Progress message of task a",
  },
  {
    what: "the title of a group",
    limit: MAX_TITLE_BYTES,
    history: [],
    command: (text) => ({ type: "create_group", id: "g", settings: { title: text } }),
    start: "Title of group g",
  },
  {
    what: "the reason of a release",
    limit: MAX_REASON_BYTES,
    history: HELD,
    command: (text) => ({ ...release("x", "a"), reason: text }),
    start: "Reason for releasing task a",
  },
  {
    what: "the reason of a cancellation",
    limit: MAX_REASON_BYTES,
    history: PENDING,
    command: (text) => ({ ...cancel("a"), reason: text }),
    start: "Reason for cancelling task a",
  },
  {
    what: "an imported reason",
    limit: MAX_REASON_BYTES,
    history: [],
    command: (text) => importing(oldTask("a", { status: "cancelled", reason: text })),
    start: "Reason of task a",
  },
];

for (const { what, limit, history, command, start } of TEXTS) {
  Deno.test({
    name: `${what} may be empty or have ${limit} bytes, but not one more, nor a NUL or half a character`,
    permissions: "none",
    fn() {
      for (const text of ["", "two\nlines\tand \u001b", "a".repeat(limit), textOf(limit)]) {
        assertEquals(decide(stateAfter(...history), command(text), contextAt(9)).events.length, 1);
      }
      for (const text of ["a".repeat(limit + 1), textOf(limit + 1)]) {
        given(...history).when(command(text)).thenRefused("limit_exceeded", `${start} is too long: `, {
          limit,
          bytes: limit + 1,
        });
      }
      for (const text of ["a\0b", "a\ud83e", "\udd95b", "\udd95\ud83e"]) {
        given(...history).when(command(text))
          .thenRefused("invalid_value", `${start} holds a NUL character or half a surrogate pair: `, {});
      }
    },
  });
}

Deno.test({
  name: "a task may have 1,000 dependencies, but not one more; repetitions do not count",
  permissions: "none",
  fn() {
    const ids = times(MAX_DEPENDENCIES + 1, (index) => `t${index}`);
    const most = ids.slice(0, MAX_DEPENDENCIES);
    const tasks = ids.map((id) => newTask(id));
    const history = [create(...tasks.slice(1)), create(newTask("t0"), newTask("b"))];
    const graph = given(...history);
    const start = `Cannot depend on ${MAX_DEPENDENCIES + 1} tasks: `;
    const data = { limit: MAX_DEPENDENCIES };

    graph.when(create(newTask("a", ...most, ...most)))
      .then({ type: "tasks.created", tasks: [newTask("a", ...most)] });
    graph.when(create(newTask("a", ...ids))).thenRefused("limit_exceeded", start, data);
    graph.when(update("b", ...most, ...most)).then({ type: "task.updated", id: "b", dependencies: most });
    graph.when(update("b", ...ids)).thenRefused("limit_exceeded", start, data);
    graph.when(importing(oldTask("a", { dependencies: most })))
      .then({ type: "tasks.imported", tasks: [oldTask("a", { dependencies: most })] });
    graph.when(importing(oldTask("a", { dependencies: ids }))).thenRefused("limit_exceeded", start, data);
  },
});

Deno.test({
  name: "the dependencies inside expressions count too, with the expressions",
  permissions: "none",
  fn() {
    const ids = times(MAX_DEPENDENCIES, (index) => `t${index}`);
    const graph = given(create(...ids.map((id) => newTask(id))));
    const most = newTask("a", { any: ids.slice(1) });
    graph.when(create(most)).then({ type: "tasks.created", tasks: [most] });
    graph.when(create(newTask("a", { any: ids }))).thenRefused(
      "limit_exceeded",
      `Cannot depend on ${MAX_DEPENDENCIES + 1} tasks: `,
      { limit: MAX_DEPENDENCIES },
    );
  },
});

Deno.test({
  name: "an expression may be nested 8 deep, but not deeper",
  permissions: "none",
  fn() {
    const nested = (depth: number): Dependency => depth === 1 ? "a" : { any: [nested(depth - 1)] };
    const deepest = newTask("b", nested(MAX_DEPENDENCY_DEPTH));
    given(...PENDING).when(create(deepest)).then({ type: "tasks.created", tasks: [deepest] });
    given(...PENDING).when(create(newTask("b", nested(MAX_DEPENDENCY_DEPTH + 1))))
      .thenRefused("limit_exceeded", "Dependencies of task b are nested more than 8 deep", {
        limit: MAX_DEPENDENCY_DEPTH,
      });
  },
});

Deno.test({
  name: "a task may name 32 locks and capabilities, but not one more",
  permissions: "none",
  fn() {
    const names = times(MAX_NAMES + 1, (index) => `n${index}`);
    for (const [field, kind] of [["locks", "lock"], ["capabilities", "capability"]] as const) {
      const most = taskWith({ [field]: names.slice(1) }, "a");
      given().when(create(most)).then({ type: "tasks.created", tasks: [most] });
      given().when(create(taskWith({ [field]: names }, "a"))).thenRefused(
        "limit_exceeded",
        `List of names (${kind}) of task a is too long: at most ${MAX_NAMES} names are allowed`,
        { count: MAX_NAMES + 1, limit: MAX_NAMES },
      );
    }
  },
});

Deno.test({
  name: "create_tasks may create 1,000 tasks, but not one more; import_tasks may import more",
  permissions: "none",
  fn() {
    const tasks = times(MAX_BATCH_TASKS + 1, (index) => newTask(`t${index}`));
    const most = tasks.slice(0, MAX_BATCH_TASKS);
    given().when(create(...most)).then({ type: "tasks.created", tasks: most });
    given().when(create(...tasks)).thenRefused(
      "limit_exceeded",
      `Cannot create ${MAX_BATCH_TASKS + 1} tasks at once: `,
      { limit: MAX_BATCH_TASKS },
    );
    const { answer } = run(emptyState(), importing(...tasks.map(({ id }) => oldTask(id))), 1);
    assertEquals(answer, { imported: MAX_BATCH_TASKS + 1 });
  },
});

Deno.test({
  name: "a graph may have a million tasks, but not one more",
  permissions: "none",
  fn() {
    const state = emptyState();
    Object.defineProperty(state.tasks, "size", { value: MAX_TASKS - 2 });
    for (const most of [create(newTask("a"), newTask("b")), importing(oldTask("a"), oldTask("b"))]) {
      assertEquals(decide(state, most, contextAt(9)).events.length, 1);
    }
    for (
      const over of [
        create(newTask("a"), newTask("b"), newTask("c")),
        importing(oldTask("a"), oldTask("b"), oldTask("c")),
      ]
    ) {
      const { code, message, data } = refusalOf(() => decide(state, over, contextAt(9)));
      assertEquals(code, "limit_exceeded");
      assert(
        message.startsWith(`Cannot create 3 more tasks as there are ${MAX_TASKS - 2} of at most ${MAX_TASKS}`),
        message,
      );
      assertEquals(data, { limit: MAX_TASKS });
    }
  },
});

Deno.test({
  name: "there may be 100,000 groups, but not one more, whichever command creates them",
  permissions: "none",
  fn() {
    const grouped = (id: string) => oldTask(id, { group: `of ${id}` });
    const creating: readonly Command[] = [
      { type: "create_group", id: "g", settings: {} },
      { type: "apply_template", name: "bugfix", group: "g", settings: {}, parameters: { bug: "it" } },
      importing(grouped("a"), { ...grouped("b"), group: "of a" }),
    ];
    for (const command of creating) {
      const state = emptyState();
      for (
        const [groups, isRefused] of [[MAX_GROUPS - 2, false], [MAX_GROUPS - 1, false], [MAX_GROUPS, true]] as const
      ) {
        Object.defineProperty(state.groups, "size", { value: groups, configurable: true });
        if (!isRefused) {
          assert(
            decide(state, command, contextAt(9)).events.some(({ type }) => type === "group.created"),
            command.type,
          );
          continue;
        }
        const { code, data } = refusalOf(() => decide(state, command, contextAt(9)));
        assertEquals([code, data], ["limit_exceeded", { limit: MAX_GROUPS }], command.type);
      }
    }
  },
});

Deno.test({
  name: "there may be 10,000 versions of templates, of all names together, but not one more",
  permissions: "none",
  fn() {
    const template = (name: string) => ({ name, parameters: [], tasks: [newTask("t")] });
    const state = emptyState();
    for (const version of times(MAX_TEMPLATE_VERSIONS / 2, (index) => index + 1)) {
      evolve(state, { type: "template.saved", template: template("one"), version }, 1);
      // One less of the second.
      if (version > 1) evolve(state, { type: "template.saved", template: template("two"), version: version - 1 }, 1);
    }
    run(state, { type: "save_template", template: template("two") }, 2);
    for (const name of ["one", "two", "three"]) {
      const { code, data } = refusalOf(() => run(state, { type: "save_template", template: template(name) }, 3));
      assertEquals([code, data], ["limit_exceeded", { limit: MAX_TEMPLATE_VERSIONS }]);
    }
  },
});

Deno.test({
  name: "a bulk operation may change 10,000 tasks, but not one more",
  permissions: "none",
  fn() {
    const ids = times(MAX_BULK + 1, (index) => `t${index}`);
    const state = emptyState();
    evolve(state, { type: "tasks.created", tasks: ids.map((id) => newTask(id)) }, 1);
    const prioritize = (count: number) =>
      decide(state, {
        type: "bulk_update",
        filter: { ids: ids.slice(0, count) },
        action: { type: "prioritize", priority: "high" },
        isAtomic: true,
      }, contextAt(2));
    for (const count of [MAX_BULK - 1, MAX_BULK]) assertEquals(prioritize(count).events.length, count);
    const { code, data } = refusalOf(() => prioritize(MAX_BULK + 1));
    assertEquals([code, data], ["limit_exceeded", { limit: MAX_BULK }]);
  },
});

Deno.test({
  name: "the events of a bulk operation may have 2 MiB of UTF-8, but not one byte more, whatever the characters",
  permissions: "none",
  fn() {
    for (const reason of ["a".repeat(4_000), "√".repeat(1_300), "🦕".repeat(1_000)]) {
      const events = (ids: readonly string[]) =>
        ids.map((id) => ({
          type: "task.cancelled" as const,
          id,
          reason,
          by: { caller: "test" },
        }));
      const bytesOf = (ids: readonly string[]) => new TextEncoder().encode(JSON.stringify(events(ids))).length;
      // The longest list of short ids that fits, of which the first ones are lengthened until nothing is left.
      const count = Math.floor(MAX_BULK_BYTES / (bytesOf(["t0000", "t0001"]) - bytesOf(["t0000"])));
      const short = times(count, (index) => `t${String(index).padStart(4, "0")}`);
      let left = MAX_BULK_BYTES - bytesOf(short);
      const ids = short.map((id) => {
        const more = Math.min(left, MAX_ID_CHARACTERS - 1 - id.length);
        left -= more;
        return id + "x".repeat(more);
      });
      assertEquals(bytesOf(ids), MAX_BULK_BYTES);
      for (const more of [-1, 0, 1]) {
        const named = more < 0 ? ids.with(-1, ids.at(-1)!.slice(1)) : more > 0 ? ids.with(-1, `${ids.at(-1)}y`) : ids;
        const graph = given(create(...named.map((id) => newTask(id))));
        const cancelling: Command = {
          type: "bulk_update",
          filter: { ids: named },
          action: { type: "cancel", reason },
          isAtomic: true,
        };
        if (more <= 0) graph.when(cancelling).then(...events(named));
        else {
          graph.when(cancelling).thenRefused("limit_exceeded", `Cannot change ${count} tasks at once as that takes `, {
            limit: MAX_BULK_BYTES,
            bytes: MAX_BULK_BYTES + 1,
          });
        }
      }
    }
  },
});

Deno.test({
  name: "of 16 tasks of equal rank, but not of one more, that is taken which continues an instance's own work",
  permissions: "none",
  fn() {
    for (const place of [MAX_EQUALS - 1, MAX_EQUALS, MAX_EQUALS + 1]) {
      const others = times(place - 1, (index) => newTask(`t${index}`, "another's"));
      const history = [
        create(newTask("own"), newTask("another's")),
        ...[claim("x", "own"), complete("x", "own"), claim("z", "another's"), complete("z", "another's")],
        create(...others, newTask("next", "own"), newTask("last", "another's")),
      ];
      const taken = (instance: string) => run(stateAfter(...history), claim(instance), 9).answer.task?.id;
      assertEquals([taken("x"), taken("y")], [place <= MAX_EQUALS ? "next" : "t0", "t0"]);
    }
  },
});

Deno.test({
  name: "task and instance ids may have 200 characters, but not one more, whatever the characters",
  permissions: "none",
  fn() {
    for (const character of ["a", "é", "√", "🦕"]) {
      const longest = character.repeat(MAX_ID_CHARACTERS);
      const over = longest + character;
      given().when(create(newTask(longest))).then({ type: "tasks.created", tasks: [newTask(longest)] });
      given().when(create(newTask(over))).thenRefused("limit_exceeded", "Task id is too long: ", {
        limit: MAX_ID_CHARACTERS,
      });
      given(...PENDING).when(claim(longest)).then({ type: "task.claimed", id: "a", instance: longest, attempt: 1 });
      given(...PENDING).when(claim(over)).thenRefused("limit_exceeded", "Instance id is too long: ", {
        limit: MAX_ID_CHARACTERS,
      });
    }
  },
});

/** A text of so many bytes of UTF-8, with characters of one, two, three and four of them. */
function textOf(bytes: number): string {
  const mixed = "aé√🦕";
  return mixed.repeat(Math.floor(bytes / 10)) + "a".repeat(bytes % 10);
}
