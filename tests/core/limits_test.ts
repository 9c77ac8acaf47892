/** Shows that every bound of the core accepts what lies exactly at it and refuses one more. */

import { assert, assertEquals } from "@std/assert";
import type { Command } from "../../src/core/commands.ts";
import { decide } from "../../src/core/decide.ts";
import type { Dependency } from "../../src/core/dependency.ts";
import {
  MAX_BATCH_TASKS,
  MAX_DEPENDENCIES,
  MAX_DEPENDENCY_DEPTH,
  MAX_DESCRIPTION_BYTES,
  MAX_ERROR_BYTES,
  MAX_ID_CHARACTERS,
  MAX_MESSAGE_BYTES,
  MAX_NAMES,
  MAX_REASON_BYTES,
  MAX_RESULT_BYTES,
  MAX_TASKS,
  MAX_TITLE_BYTES,
} from "../../src/core/limits.ts";
import { emptyState } from "../../src/core/state.ts";
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
} from "./given.ts";

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
      assert(message.startsWith(`Cannot create more tasks as there are ${MAX_TASKS - 2} of ${MAX_TASKS}`), message);
      assertEquals(data, { limit: MAX_TASKS });
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
