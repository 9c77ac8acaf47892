/** Shows what each command does in each state: the events it causes, the answer it gives, and every refusal. */

import { assert, assertEquals } from "@std/assert";
import type { Command, CommandOf, CommandType, Retried } from "../../../src/core/messages/commands.ts";
import { decide } from "../../../src/core/rules/decide.ts";
import {
  MAX_ERROR_BYTES,
  MAX_IMPORTED_ATTEMPT,
  MAX_NAMED,
  MAX_PAST_ATTEMPTS,
  MAX_REASON_BYTES,
  MAX_RESULT_BYTES,
  MAX_TIME_MS,
  MAX_UNLOCKED,
} from "../../../src/core/model/limits.ts";
import type { AttemptOutcome, Task, TaskSettings, TaskView } from "../../../src/core/model/task.ts";
import { TASK_STATUSES, type TaskStatus } from "../../../src/core/model/status.ts";
import type { RefusalCode } from "../../../src/core/model/refusal.ts";
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
  remove,
  retry,
  run,
  stateAfter,
  type Step,
  taskOf,
  taskWith,
  times,
  update,
  work,
} from "../given.ts";

/** Task `a`, brought into a status by instance `x`. */
const IN_STATUS: Readonly<Record<TaskStatus, readonly Step[]>> = {
  pending: [create(newTask("a"))],
  in_progress: [create(newTask("a")), claim("x", "a")],
  completed: [create(newTask("a")), ...work("x", "a")],
  failed: [create(newTask("a")), claim("x", "a"), fail("x", "a")],
  cancelled: [create(newTask("a")), claim("x", "a"), cancel("a")],
  skipped: [create(newTask("a", { task: "condition", on: "failed" }), newTask("condition")), ...work("y", "condition")],
};

/** The statuses in which a task has ended, having been held by `x`. */
const ENDED_BY_X = ["completed", "failed", "cancelled"] as const;

/** What others are told of them. */
const BECAME = {
  completed: "x completed it",
  failed: "x had it, and it failed: broken",
  cancelled: "x had it, and it was cancelled by test: no reason was given",
} as const;

Deno.test({
  name: "create_tasks makes pending tasks in the order given",
  permissions: "none",
  fn() {
    given()
      .when(create(newTask("a"), newTask("b", "a")))
      .then({ type: "tasks.created", tasks: [newTask("a"), newTask("b", "a")] })
      .answering([
        { ...pending("a", 1), readiness: "ready" },
        { ...pending("b", 2), dependencies: ["a"], readiness: "waiting", waitingFor: ["a"] },
      ]);
  },
});

Deno.test({
  name: "create_tasks without tasks does nothing",
  permissions: "none",
  fn: () => given().when(create()).then().answering([]),
});

Deno.test({
  name: "create_tasks accepts dependencies on tasks in every status",
  permissions: "none",
  fn() {
    for (const [status, history] of Object.entries(IN_STATUS)) {
      const created = { type: "tasks.created", tasks: [newTask("b", "a")] } as const;
      const skipped = { type: "tasks.skipped", tasks: [{ id: "b", because: "a" }] } as const;
      given(...history).when(create(newTask("b", "a"))).then(created, ...(status === "skipped" ? [skipped] : []));
    }
  },
});

Deno.test({
  name: "create_tasks lets a batch refer forward inside itself",
  permissions: "none",
  fn() {
    const tasks = [newTask("c", "b", "a"), newTask("b", "a"), newTask("a")];
    given().when(create(...tasks)).then({ type: "tasks.created", tasks });
  },
});

Deno.test({
  name: "create_tasks takes a diamond for what it is: no cycle",
  permissions: "none",
  fn() {
    const tasks = [newTask("top"), newTask("left", "top"), newTask("right", "top"), newTask("end", "left", "right")];
    given().when(create(...tasks)).then({ type: "tasks.created", tasks });
  },
});

Deno.test({
  name: "create_tasks counts a dependency named twice once, at its first place",
  permissions: "none",
  fn() {
    given(create(newTask("a"), newTask("b")))
      .when(create(newTask("c", "b", "a", "b", "a")))
      .then({ type: "tasks.created", tasks: [newTask("c", "b", "a")] });
  },
});

Deno.test({
  name: "create_tasks journals nothing but id, description, dependencies and settings",
  permissions: "none",
  fn() {
    given()
      .when(create(oldTask("a", { status: "completed", result: "smuggled" })))
      .then({ type: "tasks.created", tasks: [newTask("a")] });
    const settings: Required<Omit<TaskSettings, "group">> = {
      priority: "high",
      role: "r",
      capabilities: ["c"],
      assignTo: { instance: "x" },
      locks: ["l"],
      timeoutMs: 5,
      maxAttempts: 2,
      backoff: { coefficient: 2 },
      estimateMs: 8,
      notBefore: 7,
      deadline: 9,
      failOnDeadline: true,
      ifUnreachable: "skip",
      refs: { issue: "7" },
    };
    given({ type: "create_group", id: "g", settings: {} })
      .when(create({ ...oldTask("a", { attempt: 7 }), ...settings, group: "g" }))
      .then({ type: "tasks.created", tasks: [taskWith({ ...settings, group: "g" }, "a")] });
  },
});

Deno.test({
  name: "create_tasks refuses an id that exists, whatever the task's status",
  permissions: "none",
  fn() {
    for (const history of Object.values(IN_STATUS)) {
      given(...history).when(create(newTask("b"), newTask("a"))).thenRefused(
        "already_exists",
        "Task a already exists: ",
        { id: "a" },
      );
    }
  },
});

Deno.test({
  name: "create_tasks takes the id of a deleted task",
  permissions: "none",
  fn() {
    given(create(newTask("a")), remove("a")).when(create(newTask("a"))).then(
      { type: "tasks.created", tasks: [newTask("a")] },
    );
  },
});

Deno.test({
  name: "create_tasks refuses an id named twice in a batch",
  permissions: "none",
  fn() {
    given().when(create(newTask("a"), newTask("b"), newTask("a")))
      .thenRefused("already_exists", "Task a already exists in this batch: ", { id: "a" });
  },
});

Deno.test({
  name: "create_tasks refuses an unknown dependency, and with it the whole batch",
  permissions: "none",
  fn() {
    given(create(newTask("a"))).when(create(newTask("b", "a"), newTask("c", "a", "nowhere")))
      .thenRefused("dependency_not_found", "Dependency task nowhere not found: task c names it; ", {
        id: "nowhere",
        task: "c",
      });
  },
});

Deno.test({
  name: "create_tasks refuses a task that depends on itself",
  permissions: "none",
  fn() {
    given().when(create(newTask("a", "a")))
      .thenRefused("cycle", "Dependencies would create a cycle: a → a; ", { cycle: ["a", "a"], length: 1 });
  },
});

Deno.test({
  name: "create_tasks refuses a cycle inside a batch and names its path, without the way that leads there",
  permissions: "none",
  fn() {
    given().when(create(newTask("way", "a"), newTask("a", "b"), newTask("b", "c"), newTask("c", "a")))
      .thenRefused("cycle", "Dependencies would create a cycle: a → b → c → a; ", {
        cycle: ["a", "b", "c", "a"],
        length: 3,
      });
  },
});

Deno.test({
  name: "create_tasks and import_tasks refuse malformed task ids, also among the dependencies",
  permissions: "none",
  fn() {
    const refusals: readonly (readonly [string, RefusalCode, string])[] = [
      ["", "invalid_value", "Task id is empty"],
      [" a", "invalid_value", `Task id " a" starts or ends with white space`],
      ["a\nb", "invalid_value", `Task id "a\\nb" has a control character`],
      ["a".repeat(201), "limit_exceeded", "Task id is too long"],
    ];
    for (const [id, code, start] of refusals) {
      given().when(create(newTask("b"), newTask(id))).thenRefused(code, start);
      given().when(create(newTask("b", id))).thenRefused(code, start);
      given().when(importing(oldTask("b"), oldTask(id))).thenRefused(code, start);
      given(create(newTask("b"))).when(update("b", id)).thenRefused(code, start);
    }
  },
});

Deno.test({
  name: "import_tasks takes tasks over as they are, in any order of dependencies",
  permissions: "none",
  fn() {
    const tasks = [
      oldTask("c", { dependencies: ["b", "a"] }),
      oldTask("b", { status: "in_progress", assignedTo: "x", attempt: 3, startedAt: 150 }),
      oldTask("a", { status: "completed", result: "r", assignedTo: "y", attempt: 1, finishedAt: 170 }),
    ];
    given().when(importing(...tasks)).then({ type: "tasks.imported", tasks }).answering({ imported: 3 });
  },
});

Deno.test({
  name: "import_tasks adds to existing tasks, and may depend on them",
  permissions: "none",
  fn() {
    const tasks = [oldTask("b", { dependencies: ["a"] })];
    given(create(newTask("a"))).when(importing(...tasks)).then({ type: "tasks.imported", tasks });
  },
});

Deno.test({
  name: "import_tasks counts a dependency named twice once",
  permissions: "none",
  fn() {
    given().when(importing(oldTask("a"), oldTask("b", { dependencies: ["a", "a"] })))
      .then({ type: "tasks.imported", tasks: [oldTask("a"), oldTask("b", { dependencies: ["a"] })] });
  },
});

Deno.test({
  name: "import_tasks with firstOrder does nothing where that is not the next place in the order of creation",
  permissions: "none",
  fn() {
    const command: Command = { ...importing(oldTask("b")), firstOrder: 2 };
    given().when(command).then().answering({ imported: 0 });
    const a = create(newTask("a"));
    given(a).when(command).then({ type: "tasks.imported", tasks: [oldTask("b")] }).answering({ imported: 1 });
    given(a, { type: "delete_task", id: "a" }).when({ ...command, firstOrder: 1 }).then().answering({ imported: 0 });
  },
});

Deno.test({
  name: "import_tasks without tasks does nothing",
  permissions: "none",
  fn: () => given().when(importing()).then().answering({ imported: 0 }),
});

Deno.test({
  name: "import_tasks refuses what create_tasks refuses",
  permissions: "none",
  fn() {
    const graph = given(create(newTask("a")));
    graph.when(importing(oldTask("b"), oldTask("a"))).thenRefused("already_exists", "Task a already exists");
    graph.when(importing(oldTask("b"), oldTask("b"))).thenRefused("already_exists", "Task b already exists");
    graph.when(importing(oldTask("b", { dependencies: ["c"] })))
      .thenRefused("dependency_not_found", "Dependency task c not found");
    graph.when(importing(oldTask("b", { dependencies: ["c"] }), oldTask("c", { dependencies: ["b"] })))
      .thenRefused("cycle", "Dependencies would create a cycle: b → c → b; ", { cycle: ["b", "c", "b"], length: 2 });
  },
});

Deno.test({
  name: "import_tasks names the dependency to leave out of an import that closes a cycle, and then takes it",
  permissions: "none",
  fn() {
    const tasks = [oldTask("b", { dependencies: [{ task: "b" }] })];
    const { message } = refusalOf(() => run(stateAfter(), importing(...tasks), 1));
    assertEquals(
      message,
      "Dependencies would create a cycle: b → b; what would help: leave out the dependency of b on b",
    );
    assertEquals(run(stateAfter(), importing(oldTask("b")), 1).answer, { imported: 1 });
  },
});

Deno.test({
  name: "import_tasks takes a consistent task of each status, with what belongs to it and without",
  permissions: "none",
  fn() {
    const held = { assignedTo: "x", attempt: 1, startedAt: 150, reason: "why" };
    const tasks = [
      oldTask("pending"),
      oldTask("released", { attempt: 1, startedAt: 150, reason: "why" }),
      oldTask("in_progress", { status: "in_progress", assignedTo: "x" }),
      oldTask("in_progress with all", { ...held, status: "in_progress" }),
      oldTask("completed", { status: "completed", finishedAt: 0 }),
      oldTask("completed with all", { ...held, status: "completed", result: "r", finishedAt: 170 }),
      oldTask("failed", { status: "failed", finishedAt: 170 }),
      oldTask("failed with all", { ...held, status: "failed", error: "e", finishedAt: 170 }),
      oldTask("cancelled", { status: "cancelled", finishedAt: 170 }),
      oldTask("cancelled with all", { ...held, status: "cancelled", finishedAt: 170 }),
      oldTask("skipped", { status: "skipped", finishedAt: 170 }),
      oldTask("skipped with all", { ...held, status: "skipped", finishedAt: 170 }),
      oldTask("at the beginning", { createdAt: 0, pendingAt: 0, startedAt: 0, attempt: MAX_IMPORTED_ATTEMPT }),
    ];
    for (const task of tasks) {
      given().when(importing(task)).then({ type: "tasks.imported", tasks: [task] }).answering({ imported: 1 });
    }
  },
});

Deno.test({
  name: "import_tasks refuses tasks whose times are none",
  permissions: "none",
  fn() {
    const ended = oldTask("a", { status: "completed", startedAt: 150, finishedAt: 170 });
    for (const time of [-1, NaN, Infinity, -Infinity, MAX_TIME_MS + 1]) {
      for (const field of ["createdAt", "pendingAt", "startedAt", "finishedAt", "readyAt", "retryAt"] as const) {
        refusesImport({ ...ended, [field]: time }, "its times must be milliseconds since 1970");
      }
      const held = oldTask("a", { status: "in_progress", assignedTo: "x", leaseUntil: time });
      refusesImport(held, "its times must be milliseconds since 1970");
    }
  },
});

Deno.test({
  name: "import_tasks takes progress and past attempts, and refuses what of them could not have come about",
  permissions: "none",
  fn() {
    const past = { attempt: 1, instance: "x", startedAt: 110, endedAt: 120, outcome: "failed", message: "m" } as const;
    const progress = { percent: 50, message: "half", at: 150 };
    const good = oldTask("a", {
      status: "in_progress",
      assignedTo: "x",
      attempt: MAX_PAST_ATTEMPTS + 1,
      progress,
      workedMs: 100,
      pastAttempts: times(MAX_PAST_ATTEMPTS, (index) => ({ ...past, attempt: index + 1 })),
    });
    given().when(importing(good)).then({ type: "tasks.imported", tasks: [good] }).answering({ imported: 1 });

    const noTimes = "its times must be milliseconds since 1970";
    for (const time of [-1, NaN, 1e18]) {
      refusesImport({ ...good, progress: { ...progress, at: time } }, noTimes);
      refusesImport({ ...good, workedMs: time }, noTimes);
      refusesImport({ ...good, pastAttempts: [past, { ...past, startedAt: time }] }, noTimes);
      refusesImport({ ...good, pastAttempts: [past, { ...past, endedAt: time }] }, noTimes);
    }
    const tooMany = times(MAX_PAST_ATTEMPTS + 1, (index) => ({ ...past, attempt: index + 1 }));
    refusesImport({ ...good, pastAttempts: tooMany }, `it cannot have more than ${MAX_PAST_ATTEMPTS} past attempts`);
    given().when(importing({ ...good, pastAttempts: [past, { ...past, instance: "x\u0007" }] }))
      .thenRefused("invalid_value", `Instance id "x\\u0007" has a control character`);
    given().when(importing({ ...good, pastAttempts: [{ ...past, message: "half a pair \ud800" }] }))
      .thenRefused("invalid_value", "Message of an attempt of task a");
    given().when(importing({ ...good, progress: { ...progress, message: "\0" } }))
      .thenRefused("invalid_value", "Progress message of task a");
  },
});

Deno.test({
  name: "import_tasks refuses tasks whose attempt is no number of claims",
  permissions: "none",
  fn() {
    for (const attempt of [-1, 0.5, NaN, Infinity, MAX_IMPORTED_ATTEMPT + 1]) {
      refusesImport(oldTask("a", { attempt }), "attempt must be a whole number from 0");
      refusesImport(oldTask("a", { failures: attempt }), "failures must be a whole number from 0");
    }
  },
});

Deno.test({
  name: "import_tasks refuses tasks with what does not belong to their status, or without what does",
  permissions: "none",
  fn() {
    const held: Task = oldTask("a", { status: "in_progress", assignedTo: "x" });
    const { assignedTo: _, ...unheld } = held;
    refusesImport(oldTask("a", { assignedTo: "x" }), "a pending task cannot have assignedTo");
    refusesImport(unheld, "a task in progress must have assignedTo");

    const tasks = [
      oldTask("a"),
      held,
      ...(["completed", "failed", "cancelled", "skipped"] as const).map((status) => oldTask("a", { status })),
    ];
    assertEquals(tasks.map(({ status }) => status).toSorted(), [...TASK_STATUSES].toSorted());
    for (const task of tasks) {
      for (const text of ["", "words"]) {
        const withResult = { ...task, result: text };
        const withError = { ...task, error: text };
        if (task.status !== "completed") refusesImport(withResult, "only a completed task can have a result");
        if (task.status !== "failed") refusesImport(withError, "only a failed task can have an error");
      }
      if (task.status !== "in_progress") {
        refusesImport({ ...task, leaseUntil: 300 }, "only a task in progress can have leaseUntil");
        refusesImport({ ...task, session: "s" }, "only a task in progress can have session");
      }
      const { finishedAt, ...endless } = task;
      const end = "a task must have finishedAt if it has ended, and only then";
      if (finishedAt !== undefined) refusesImport(endless, end);
      else for (const finishedAt of [0, 200]) refusesImport({ ...task, finishedAt }, end);
    }
  },
});

Deno.test({
  name: "import_tasks refuses all tasks where one is inconsistent",
  permissions: "none",
  fn() {
    given(create(newTask("old"))).when(importing(oldTask("b"), oldTask("a", { result: "r" }), oldTask("c")))
      .thenRefused("invalid_value", "Cannot import task a as it is: ", { id: "a" });
  },
});

Deno.test({
  name: "import_tasks refuses holders with malformed ids",
  permissions: "none",
  fn() {
    given().when(importing(oldTask("a", { status: "in_progress", assignedTo: "" })))
      .thenRefused("invalid_value", "Instance id is empty");
    for (const status of TASK_STATUSES) {
      given().when(importing(oldTask("a", { status, assignedTo: "x\t" })))
        .thenRefused("invalid_value", `Instance id "x\\t" has a control character`);
    }
  },
});

Deno.test({
  name: "update_task changes description, dependencies, or both",
  permissions: "none",
  fn() {
    const graph = given(create(newTask("a"), newTask("b")));
    graph.when({ type: "update_task", id: "b", description: "new" })
      .then({ type: "task.updated", id: "b", description: "new" })
      .answering({ ...pending("b", 2), version: 2, description: "new", readiness: "ready" });
    graph.when(update("b", "a"))
      .then({ type: "task.updated", id: "b", dependencies: ["a"] })
      .answering({ ...pending("b", 2), version: 2, dependencies: ["a"], readiness: "waiting", waitingFor: ["a"] });
    graph.when({ type: "update_task", id: "b", description: "", dependencies: ["a"] })
      .then({ type: "task.updated", id: "b", description: "", dependencies: ["a"] })
      .answering({
        ...pending("b", 2),
        version: 2,
        description: "",
        dependencies: ["a"],
        readiness: "waiting",
        waitingFor: ["a"],
      });
  },
});

Deno.test({
  name: "update_task leaves out what does not change",
  permissions: "none",
  fn() {
    const graph = given(create(newTask("a"), newTask("b", "a")));
    graph.when({ type: "update_task", id: "b" }).then().answering({
      ...pending("b", 2),
      dependencies: ["a"],
      readiness: "waiting",
      waitingFor: ["a"],
    });
    graph.when({ type: "update_task", id: "b", description: "do b", dependencies: ["a", "a"] }).then();
    graph.when({ type: "update_task", id: "b", description: "do b", dependencies: [] })
      .then({ type: "task.updated", id: "b", dependencies: [] });
    graph.when({ type: "update_task", id: "b", description: "new", dependencies: ["a"] })
      .then({ type: "task.updated", id: "b", description: "new" });
  },
});

Deno.test({
  name: "update_task keeps the order in which dependencies are named, each once",
  permissions: "none",
  fn() {
    given(create(newTask("a"), newTask("b"), newTask("c", "a", "b"))).when(update("c", "b", "a", "b"))
      .then({ type: "task.updated", id: "c", dependencies: ["b", "a"] });
  },
});

Deno.test({
  name: "update_task refuses the description of tasks that run or are completed",
  permissions: "none",
  fn() {
    for (const status of ["in_progress", "completed"] as const) {
      given(...IN_STATUS[status]).when({ type: "update_task", id: "a", description: "new" })
        .thenRefused("wrong_state", `Cannot update task a in ${status} state: `, { id: "a", status });
    }
  },
});

Deno.test({
  name: "update_task changes a task that was released or retried",
  permissions: "none",
  fn() {
    const event = { type: "task.updated", id: "a", description: "new" } as const;
    const command: Command = { type: "update_task", id: "a", description: "new" };
    given(...IN_STATUS.in_progress, release("x", "a")).when(command).then(event);
    given(...IN_STATUS.failed, retry("a")).when(command).then(event);
  },
});

Deno.test({
  name: "update_task refuses unknown dependencies",
  permissions: "none",
  fn() {
    given(create(newTask("a"))).when(update("a", "b"))
      .thenRefused("dependency_not_found", "Dependency task b not found: task a names it; ", { id: "b", task: "a" });
  },
});

Deno.test({
  name: "update_task refuses a task that would depend on itself",
  permissions: "none",
  fn() {
    given(create(newTask("a"))).when(update("a", "a"))
      .thenRefused("cycle", "Dependencies would create a cycle: a → a; ", { cycle: ["a", "a"], length: 1 });
  },
});

Deno.test({
  name: "update_task refuses a cycle through other tasks and names its path",
  permissions: "none",
  fn() {
    const graph = given(create(newTask("a"), newTask("b", "a"), newTask("c", "b"), newTask("d", "c")));
    graph.when(update("a", "b")).thenRefused("cycle", "Dependencies would create a cycle: a → b → a; ", {
      cycle: ["a", "b", "a"],
      length: 2,
    });
    graph.when(update("a", "d")).thenRefused("cycle", "Dependencies would create a cycle: a → d → c → b → a; ", {
      cycle: ["a", "d", "c", "b", "a"],
      length: 4,
    });
  },
});

Deno.test({
  name: "update_task sees cycles through tasks that have ended",
  permissions: "none",
  fn() {
    given(create(newTask("a"), newTask("b", "a")), cancel("b")).when(update("a", "b"))
      .thenRefused("cycle", "Dependencies would create a cycle: a → b → a; ");
  },
});

Deno.test({
  name: "update_task names a long cycle by its beginning and its end",
  permissions: "none",
  fn() {
    const most = 2 * MAX_NAMED;
    for (const tasks of [most - 2, most - 1, most, most + 1, 30, 1_000]) {
      const chain = times(tasks, (index) => index === 0 ? newTask("t0") : newTask(`t${index}`, `t${index - 1}`));
      const path = ["t0", ...times(tasks, (index) => `t${tasks - 1 - index}`)];
      const named = path.length <= most ? path : [...path.slice(0, MAX_NAMED), "…", ...path.slice(-MAX_NAMED)];
      given(create(...chain)).when(update("t0", `t${tasks - 1}`))
        .thenRefused("cycle", `Dependencies would create a cycle: ${named.join(" → ")}; `, {
          cycle: path.slice(0, most),
          length: tasks,
        });
    }
  },
});

Deno.test({
  name: "update_task may turn an edge round, and judges the new dependencies, not the old ones",
  permissions: "none",
  fn() {
    given(create(newTask("a"), newTask("b", "a")), update("b")).when(update("a", "b"))
      .then({ type: "task.updated", id: "a", dependencies: ["b"] });
    given(create(newTask("a"), newTask("b", "a"), newTask("c", "b"))).when(update("c", "a"))
      .then({ type: "task.updated", id: "c", dependencies: ["a"] });
  },
});

Deno.test({
  name: "delete_task removes a task that nobody holds",
  permissions: "none",
  fn() {
    for (const status of ["pending", "completed", "failed", "cancelled", "skipped"] as const) {
      given(...IN_STATUS[status]).when(remove("a")).then({ type: "task.deleted", id: "a" }).answering({ deleted: "a" });
    }
  },
});

Deno.test({
  name: "delete_task refuses a task in progress",
  permissions: "none",
  fn() {
    given(...IN_STATUS.in_progress).when(remove("a"))
      .thenRefused("wrong_state", "Cannot delete task a in in_progress state: ", { id: "a", status: "in_progress" });
  },
});

Deno.test({
  name: "delete_task refuses a task with dependents, whatever their status, and names them",
  permissions: "none",
  fn() {
    const history = [create(newTask("a"), newTask("c", "a"), newTask("b", "a")), ...work("x", "a")];
    const data = { id: "a", dependents: ["c", "b"], count: 2 };
    const start = "Cannot delete task a as it has dependent tasks: c, b; ";
    given(...history).when(remove("a")).thenRefused("has_dependents", start, data);
    given(...history, ...work("x", "b"), cancel("c")).when(remove("a")).thenRefused("has_dependents", start, data);
  },
});

Deno.test({
  name: "delete_task names ten dependents, and counts the others",
  permissions: "none",
  fn() {
    const dependents = times(MAX_NAMED + 1, (index) => `t${index}`);
    const named = dependents.slice(0, MAX_NAMED);
    const start = `Cannot delete task a as it has dependent tasks: ${named.join(", ")}`;
    given(create(newTask("a"), ...named.map((id) => newTask(id, "a")))).when(remove("a"))
      .thenRefused("has_dependents", `${start}; `, { id: "a", dependents: named, count: MAX_NAMED });
    given(create(newTask("a"), ...dependents.map((id) => newTask(id, "a")))).when(remove("a"))
      .thenRefused("has_dependents", `${start} and 1 more; `, { id: "a", dependents: named, count: MAX_NAMED + 1 });
  },
});

Deno.test({
  name: "delete_task accepts a task once its dependents are deleted or depend on it no longer",
  permissions: "none",
  fn() {
    const history = [create(newTask("a"), newTask("b", "a"), newTask("c", "a")), remove("b")];
    given(...history).when(remove("a")).thenRefused("has_dependents", "Cannot delete task a");
    given(...history, update("c")).when(remove("a")).then({ type: "task.deleted", id: "a" });
  },
});

Deno.test({
  name: "claim_task hands out the first ready task under a new attempt",
  permissions: "none",
  fn() {
    given(create(newTask("a"), newTask("b"))).when(claim("x"))
      .then({ type: "task.claimed", id: "a", instance: "x", attempt: 1 })
      .answering({
        task: { ...pending("a", 1), status: "in_progress", assignedTo: "x", attempt: 1, startedAt: 2 },
        inputs: [],
        moreInputs: 0,
      });
  },
});

Deno.test({
  name: "claim_task never hands out a task that is held",
  permissions: "none",
  fn() {
    const history = [create(newTask("a"), newTask("b")), claim("x")];
    given(...history).when(claim("x")).then({ type: "task.claimed", id: "b", instance: "x", attempt: 1 });
    given(...history).when(claim("y")).then({ type: "task.claimed", id: "b", instance: "y", attempt: 1 });
    given(...history, claim("y")).when(claim("z")).then();
  },
});

Deno.test({
  name: "claim_task passes tasks over whose dependencies are not all completed",
  permissions: "none",
  fn() {
    const tasks = [newTask("c", "b"), newTask("b", "a"), newTask("a")];
    given(create(...tasks)).when(claim("x")).then({ type: "task.claimed", id: "a", instance: "x", attempt: 1 });
    given(create(...tasks), claim("x", "a")).when(claim("y")).then();
    given(create(...tasks), ...work("x", "a")).when(claim("y"))
      .then({ type: "task.claimed", id: "b", instance: "y", attempt: 1 });
  },
});

Deno.test({
  name: "claim_task hands out what has been ready longest, and of equals what was created first",
  permissions: "none",
  fn() {
    const history = [create(newTask("late", "condition"), newTask("condition")), create(newTask("a"), newTask("b"))];
    const order = claimOrder(...history, ...work("x", "condition"));
    assertEquals(order, ["a", "b", "late"]);
    assertEquals(claimOrder(...history.slice(1), claim("x", "a"), release("x", "a")), ["b", "a"]);
  },
});

Deno.test({
  name: "claim_task hands out the results of the dependencies",
  permissions: "none",
  fn() {
    const history = [create(newTask("a"), newTask("b"), newTask("c", "b", "a")), ...work("x", "a", "A")];
    const { answer } = run(stateAfter(...history, ...work("x", "b", "B")), claim("x"), 9);
    assert(answer.task !== undefined);
    assertEquals(answer.inputs, [{ task: "b", by: "x", result: "B" }, { task: "a", by: "x", result: "A" }]);
    assertEquals(answer.moreInputs, 0);
  },
});

Deno.test({
  name: "claim_task without a ready task causes nothing and says why",
  permissions: "none",
  fn() {
    const { events, answer } = run(stateAfter(...IN_STATUS.in_progress), claim("y"), 9);
    assertEquals(events, []);
    assert(answer.task === undefined);
    assertEquals(answer.none.reason, "waiting");
  },
});

Deno.test({
  name: "claim_task takes a named task out of turn",
  permissions: "none",
  fn() {
    given(create(newTask("a"), newTask("b"))).when(claim("x", "b"))
      .then({ type: "task.claimed", id: "b", instance: "x", attempt: 1 });
  },
});

Deno.test({
  name: "claim_task by name gives its holder the same claim again",
  permissions: "none",
  fn() {
    const history = [create(newTask("a"), newTask("b", "a")), ...work("x", "a", "A"), claim("x", "b")];
    given(...history).when(claim("x", "b")).then().answering({
      task: {
        ...pending("b", 2),
        dependencies: ["a"],
        readyAt: 3,
        status: "in_progress",
        assignedTo: "x",
        attempt: 1,
        startedAt: 4,
      },
      inputs: [{ task: "a", by: "x", result: "A" }],
      moreInputs: 0,
      isRepeated: true,
    });
  },
});

Deno.test({
  name: "claim_task by name refuses a task that another instance holds",
  permissions: "none",
  fn() {
    given(...IN_STATUS.in_progress).when(claim("y", "a")).thenRefused(
      "wrong_state",
      "Cannot claim task a in in_progress state: it is assigned to instance x",
      { id: "a", status: "in_progress" },
    );
  },
});

Deno.test({
  name: "claim_task by name refuses tasks that have ended",
  permissions: "none",
  fn() {
    for (const status of [...ENDED_BY_X, "skipped"] as const) {
      given(...IN_STATUS[status]).when(claim("x", "a"))
        .thenRefused("wrong_state", `Cannot claim task a in ${status} state: `, { id: "a", status });
    }
  },
});

Deno.test({
  name: "claim_task by name refuses a task that waits, and names what it waits for",
  permissions: "none",
  fn() {
    const tasks = [newTask("a"), newTask("b"), newTask("c"), newTask("d", "a", "b", "c")];
    given(create(...tasks), ...work("x", "a"), claim("x", "c")).when(claim("x", "d")).thenRefused(
      "not_ready",
      "Cannot claim task d as it is waiting for b (pending), c (in_progress); ",
      { id: "d", readiness: "waiting", dependencies: ["b (pending)", "c (in_progress)"], count: 2 },
    );
  },
});

Deno.test({
  name: "claim_task by name refuses a blocked task, and names what blocks it",
  permissions: "none",
  fn() {
    const tasks = [newTask("a"), newTask("b"), newTask("c"), newTask("d", "a", "b", "c")];
    given(create(...tasks), claim("x", "b"), fail("x", "b"), cancel("c")).when(claim("x", "d")).thenRefused(
      "not_ready",
      "Cannot claim task d as it is blocked by b (failed), c (cancelled); ",
      { id: "d", readiness: "blocked", dependencies: ["b (failed)", "c (cancelled)"], count: 2 },
    );
  },
});

Deno.test({
  name: "claim_task by name names ten dependencies, and counts the others",
  permissions: "none",
  fn() {
    const ids = times(MAX_NAMED + 1, (index) => `t${index}`);
    const names = ids.slice(0, MAX_NAMED).map((id) => `${id} (pending)`);
    given(create(...ids.map((id) => newTask(id)), newTask("a", ...ids))).when(claim("x", "a")).thenRefused(
      "not_ready",
      `Cannot claim task a as it is waiting for ${names.join(", ")} and 1 more; `,
      { id: "a", readiness: "waiting", dependencies: names, count: MAX_NAMED + 1 },
    );
  },
});

Deno.test({
  name: "each claim of a task has a higher attempt than the one before",
  permissions: "none",
  fn() {
    given(...IN_STATUS.in_progress, release("x", "a")).when(claim("y"))
      .then({ type: "task.claimed", id: "a", instance: "y", attempt: 2 });
    given(...IN_STATUS.failed, retry("a")).when(claim("x"))
      .then({ type: "task.claimed", id: "a", instance: "x", attempt: 2 });
    given(importing(oldTask("a", { attempt: 7 }))).when(claim("x"))
      .then({ type: "task.claimed", id: "a", instance: "x", attempt: 8 });
  },
});

Deno.test({
  name: "complete_task ends the holder's task with its result",
  permissions: "none",
  fn() {
    given(...IN_STATUS.in_progress).when(complete("x", "a", "r"))
      .then({ type: "task.completed", id: "a", instance: "x", attempt: 1, result: "r" })
      .answering({
        completed: {
          ...pending("a", 1),
          status: "completed",
          assignedTo: "x",
          attempt: 1,
          startedAt: 2,
          result: "r",
          finishedAt: 3,
        },
        unlocked: [],
        unlockedCount: 0,
        skipped: [],
        skippedCount: 0,
        urgent: [],
      });
  },
});

Deno.test({
  name: "complete_task names the tasks that can be claimed now because of it",
  permissions: "none",
  fn() {
    const tasks = [newTask("a"), newTask("b"), newTask("both", "a", "b"), newTask("next", "a"), newTask("far", "next")];
    const state = stateAfter(create(...tasks), claim("x", "a"));
    const { answer } = run(state, complete("x", "a"), 3);
    assertEquals(answer.unlocked.map(({ id }) => id), ["next"]);
    assertEquals(answer.unlockedCount, 1);
  },
});

Deno.test({
  name: "complete_task names the first 20 tasks that it unlocks, and counts them all, also when repeated",
  permissions: "none",
  fn() {
    const ids = times(MAX_UNLOCKED + 1, (index) => `t${index}`);
    const state = stateAfter(create(newTask("a"), ...ids.map((id) => newTask(id, "a"))), claim("x", "a"));
    for (const at of [3, 4]) {
      const { unlocked, unlockedCount } = run(state, complete("x", "a"), at).answer;
      assertEquals(unlocked.map(({ id }) => id), ids.slice(0, MAX_UNLOCKED));
      assertEquals(unlockedCount, MAX_UNLOCKED + 1);
    }
  },
});

Deno.test({
  name: "complete_task with the same result again gives the same answer and causes nothing",
  permissions: "none",
  fn() {
    const state = stateAfter(create(newTask("a"), newTask("b", "a")), claim("x", "a"));
    const first = run(state, complete("x", "a", "r"), 3);
    assertEquals(first.events.length, 1);
    const second = run(state, complete("x", "a", "r"), 4);
    assertEquals(second, { events: [], answer: first.answer });
    assertEquals(run(state, { ...complete("x", "a", "r"), attempt: 1 }, 5), { events: [], answer: first.answer });
  },
});

Deno.test({
  name: "complete_task refuses to complete again with another result, instance or attempt",
  permissions: "none",
  fn() {
    const completed = given(...IN_STATUS.completed);
    completed.when(complete("x", "a", "other"))
      .thenRefused("wrong_state", "Cannot complete task a in completed state: ", { id: "a", status: "completed" });
    completed.when(complete("y", "a", "done")).thenRefused(
      "not_holder",
      "Task a is not assigned to instance y: x completed it; drop this work",
      { id: "a", instance: "y", assignedTo: "x" },
    );
    completed.when({ ...complete("x", "a", "done"), attempt: 2 }).thenRefused(
      "stale_attempt",
      "Cannot complete attempt 2 of task a as it is at attempt 1",
      { id: "a", attempt: 2, current: 1 },
    );
  },
});

const NOTHING_FOLLOWS = { unlocked: [], unlockedCount: 0, skipped: [], skippedCount: 0 };

Deno.test({
  name: "fail_task ends the holder's task with its error",
  permissions: "none",
  fn() {
    given(...IN_STATUS.in_progress).when(fail("x", "a", "e"))
      .then({ type: "task.failed", id: "a", instance: "x", attempt: 1, error: "e" })
      .answering({
        task: {
          ...pending("a", 1),
          status: "failed",
          assignedTo: "x",
          attempt: 1,
          startedAt: 2,
          error: "e",
          finishedAt: 3,
        },
        ...NOTHING_FOLLOWS,
      });
  },
});

Deno.test({
  name: "fail_task with the same error again gives the same answer and causes nothing",
  permissions: "none",
  fn() {
    const state = stateAfter(...IN_STATUS.failed);
    given(...IN_STATUS.failed).when(fail("x", "a")).then().answering({
      task: taskOf(state, "a"),
      ...NOTHING_FOLLOWS,
    });
    given(...IN_STATUS.failed).when({ ...fail("x", "a"), attempt: 1 }).then();
  },
});

Deno.test({
  name: "fail_task refuses to fail again with another error, instance or attempt",
  permissions: "none",
  fn() {
    const failed = given(...IN_STATUS.failed);
    failed.when(fail("x", "a", "other"))
      .thenRefused("wrong_state", "Cannot fail task a in failed state: ", { id: "a", status: "failed" });
    failed.when(fail("y", "a")).thenRefused(
      "not_holder",
      "Task a is not assigned to instance y: x had it, and it failed: broken; drop this work",
      { id: "a", instance: "y", assignedTo: "x" },
    );
    failed.when({ ...fail("x", "a"), attempt: 2 }).thenRefused(
      "stale_attempt",
      "Cannot fail attempt 2 of task a as it is at attempt 1",
      { id: "a", attempt: 2, current: 1 },
    );
  },
});

Deno.test({
  name: "release_task hands the task back for others to claim",
  permissions: "none",
  fn() {
    given(...IN_STATUS.in_progress).when(release("x", "a"))
      .then({ type: "task.released", id: "a", instance: "x", attempt: 1 })
      .answering({ task: { ...pending("a", 1), ...tried("released", 3), pendingAt: 3, readiness: "ready" } });
  },
});

Deno.test({
  name: "release_task keeps the reason",
  permissions: "none",
  fn() {
    given(...IN_STATUS.in_progress).when({ ...release("x", "a"), attempt: 1, reason: "too hard" })
      .then({ type: "task.released", id: "a", instance: "x", attempt: 1, reason: "too hard" })
      .answering({
        task: {
          ...pending("a", 1),
          ...tried("released", 3, "too hard"),
          pendingAt: 3,
          reason: "too hard",
          readiness: "ready",
        },
      });
  },
});

Deno.test({
  name: "release_task refuses a second time",
  permissions: "none",
  fn() {
    given(...IN_STATUS.in_progress, release("x", "a")).when(release("x", "a"))
      .thenRefused("not_holder", "Task a is not assigned to instance x: it is pending");
  },
});

for (
  const [verb, endIt, ownEnd, field, limit, what] of [
    ["complete", complete, "completed", "result", MAX_RESULT_BYTES, "Result of task a"],
    ["fail", fail, "failed", "error", MAX_ERROR_BYTES, "Error of task a"],
    ["release", release, "pending", "reason", MAX_REASON_BYTES, "Reason for releasing task a"],
  ] as const
) {
  const command: CommandOf<"complete_task" | "fail_task" | "release_task"> = endIt("x", "a");

  Deno.test({
    name: `${verb}_task refuses a task that another instance holds`,
    permissions: "none",
    fn() {
      const other = endIt("y", "a");
      given(...IN_STATUS.in_progress).when(other).thenRefused(
        "not_holder",
        "Task a is not assigned to instance y: x holds it",
        { id: "a", instance: "y", assignedTo: "x" },
      );
      given(...IN_STATUS.in_progress).when({ ...other, attempt: 1 })
        .thenRefused("not_holder", "Task a is not assigned to instance y");
    },
  });

  Deno.test({
    name: `${verb}_task refuses a task that another instance has ended, or had when it was cancelled`,
    permissions: "none",
    fn() {
      for (const status of ENDED_BY_X) {
        for (const attempt of [{}, { attempt: 1 }]) {
          given(...IN_STATUS[status]).when({ ...command, ...attempt, instance: "y" }).thenRefused(
            "not_holder",
            `Task a is not assigned to instance y: ${BECAME[status]}; drop this work`,
            { id: "a", instance: "y", assignedTo: "x" },
          );
        }
      }
    },
  });

  Deno.test({
    name: `${verb}_task refuses a task that was cancelled or skipped before anyone held it`,
    permissions: "none",
    fn() {
      given(...IN_STATUS.skipped).when(command).thenRefused(
        "not_holder",
        "Task a is not assigned to instance x: it was skipped: It depends on condition failed; drop this work",
        { id: "a", instance: "x" },
      );
      given(...IN_STATUS.pending, cancel("a")).when(command).thenRefused(
        "not_holder",
        "Task a is not assigned to instance x: it was cancelled by test: no reason was given; drop this work",
        { id: "a", instance: "x" },
      );
    },
  });

  Deno.test({
    name: `${verb}_task refuses any attempt but the current one as stale, whatever the status and the holder`,
    permissions: "none",
    fn() {
      for (const [status, history] of Object.entries(IN_STATUS)) {
        const current = status === "pending" || status === "skipped" ? 0 : 1;
        for (const instance of ["x", "y"]) {
          for (const attempt of [current - 1, current + 1]) {
            given(...history).when({ ...command, instance, attempt }).thenRefused(
              "stale_attempt",
              `Cannot ${verb} attempt ${attempt} of task a as it is at attempt ${current}: `,
              { id: "a", attempt, current },
            );
          }
        }
      }
    },
  });

  Deno.test({
    name: `${verb}_task looks at its ${field} last, after the task was found and held`,
    permissions: "none",
    fn() {
      const faults: readonly (readonly [string, RefusalCode, string])[] = [
        ["a".repeat(limit + 1), "limit_exceeded", `${what} is too long: `],
        ["a\0", "invalid_value", `${what} holds a NUL character or half a surrogate pair: `],
        ["a\ud83e", "invalid_value", `${what} holds a NUL character or half a surrogate pair: `],
      ];
      for (const [text, code, start] of faults) {
        const bad = { ...command, [field]: text };
        const held = given(...IN_STATUS.in_progress);
        held.when(bad).thenRefused(code, start);
        held.when({ ...bad, attempt: 1 }).thenRefused(code, start);
        held.when({ ...bad, instance: "" }).thenRefused("invalid_value", "Instance id is empty");
        held.when({ ...bad, id: "b" }).thenRefused("not_found", "Task b not found: ");
        held.when({ ...bad, attempt: 2 }).thenRefused("stale_attempt", `Cannot ${verb} attempt 2`);
        held.when({ ...bad, instance: "y" }).thenRefused("not_holder", "Task a is not assigned to instance y: ");
        given(...IN_STATUS.pending).when(bad).thenRefused("not_holder", "Task a is not assigned to instance x: ");
        for (const status of ENDED_BY_X) {
          given(...IN_STATUS[status]).when(bad).thenRefused(
            "wrong_state",
            `Cannot ${verb} task a in ${status} state: `,
          );
        }
      }
    },
  });

  Deno.test({
    name: `${verb}_task refuses a task that nobody holds`,
    permissions: "none",
    fn() {
      given(...IN_STATUS.pending).when(command)
        .thenRefused("not_holder", "Task a is not assigned to instance x: it is pending", { id: "a", instance: "x" });
    },
  });

  Deno.test({
    name: `${verb}_task of a task that is not ready says what it waits for, and what would help`,
    permissions: "none",
    fn() {
      given(create(newTask("b"), newTask("a", "b"))).when(command)
        .thenRefused(
          "not_holder",
          "Task a is not assigned to instance x: it is waiting for b (pending); what would help: get_next_task with " +
            "task_id b, then complete_task",
        );
      given(create(newTask("b"), newTask("a", "b")), { type: "cancel_task", id: "b" }).when(command)
        .thenRefused(
          "not_holder",
          "Task a is not assigned to instance x: it is blocked by b (cancelled); what would help: retry_task b; or ",
        );
    },
  });

  Deno.test({
    name: `${verb}_task accepts the current attempt and refuses every other as stale`,
    permissions: "none",
    fn() {
      const history = [...IN_STATUS.in_progress, release("x", "a"), claim("x", "a")];
      const state = stateAfter(...history);
      assertEquals(decide(state, { ...command, attempt: 2 }, contextAt(9)).events.length, 1);
      for (const attempt of [1, 3, 0, -1, 1.5, NaN]) {
        given(...history).when({ ...command, attempt }).thenRefused(
          "stale_attempt",
          `Cannot ${verb} attempt ${attempt} of task a as it is at attempt 2`,
          { id: "a", attempt, current: 2 },
        );
      }
    },
  });

  Deno.test({
    name: `${verb}_task refuses a holder of before once the task was released or went to another`,
    permissions: "none",
    fn() {
      const released = [...IN_STATUS.in_progress, release("x", "a")];
      const start = "Task a is not assigned to instance x: ";
      for (const attempt of [{}, { attempt: 1 }]) {
        given(...released).when({ ...command, ...attempt })
          .thenRefused("not_holder", `${start}it is pending`, { id: "a", instance: "x" });
      }
      const passedOn = given(...released, claim("y", "a"));
      passedOn.when(command)
        .thenRefused("not_holder", `${start}y holds it`, { id: "a", instance: "x", assignedTo: "y" });
      passedOn.when({ ...command, attempt: 1 }).thenRefused(
        "stale_attempt",
        `Cannot ${verb} attempt 1 of task a as it is at attempt 2`,
        { id: "a", attempt: 1, current: 2 },
      );
    },
  });

  Deno.test({
    name: `${verb}_task refuses tasks that have ended otherwise`,
    permissions: "none",
    fn() {
      for (const status of ENDED_BY_X) {
        if (status === ownEnd) continue;
        given(...IN_STATUS[status]).when(command)
          .thenRefused("wrong_state", `Cannot ${verb} task a in ${status} state: `, { id: "a", status });
      }
    },
  });

  Deno.test({
    name: `${verb}_task takes only its own last words for a repetition`,
    permissions: "none",
    fn() {
      const retried = [...IN_STATUS.failed, retry("a"), claim("x", "a")];
      const state = stateAfter(...retried);
      assertEquals(decide(state, command, contextAt(9)).events.length, 1);
      given(...retried).when({ ...command, attempt: 1 }).thenRefused("stale_attempt", `Cannot ${verb} attempt 1`);
    },
  });
}

Deno.test({
  name: "a task that ended otherwise is no repetition, even if the journal has the same words beside its end",
  permissions: "none",
  fn() {
    const words = { assignedTo: "x", result: "r", error: "e" };
    const ended = (status: TaskStatus) =>
      given({ type: "tasks.imported", tasks: [oldTask("a", { ...words, status })] });
    const cancelled = ended("cancelled");
    const failed = ended("failed");
    const completed = ended("completed");
    cancelled.when(complete("x", "a", "r")).thenRefused("wrong_state", "Cannot complete task a in cancelled state");
    cancelled.when(fail("x", "a", "e")).thenRefused("wrong_state", "Cannot fail task a in cancelled state");
    failed.when(complete("x", "a", "r")).thenRefused("wrong_state", "Cannot complete task a in failed state");
    completed.when(fail("x", "a", "e")).thenRefused("wrong_state", "Cannot fail task a in completed state");
    completed.when(complete("x", "a", "r")).then();
    failed.when(fail("x", "a", "e")).then();
  },
});

Deno.test({
  name: "what an instance says again of a task that was imported as it ended it is a repetition",
  permissions: "none",
  fn() {
    const failed = given(importing(oldTask("a", { assignedTo: "x", status: "failed", error: "w" })));
    const completed = given(importing(oldTask("a", { assignedTo: "x", status: "completed", result: "w" })));
    completed.when(complete("x", "a", "w")).then();
    completed.when(fail("x", "a", "w")).thenRefused("wrong_state", "Cannot fail task a in completed state: ");
    completed.when(complete("y", "a", "w")).thenRefused("not_holder", "Task a is not assigned to instance y: ");
    failed.when(fail("x", "a", "w")).then();
    failed.when(complete("x", "a", "w")).thenRefused("wrong_state", "Cannot complete task a in failed state: ");
    failed.when(fail("y", "a", "w")).thenRefused("not_holder", "Task a is not assigned to instance y: ");
  },
});

Deno.test({
  name: "cancel_task ends a pending task",
  permissions: "none",
  fn() {
    given(...IN_STATUS.pending).when(cancel("a"))
      .then({ type: "task.cancelled", id: "a", by: { caller: "test" } })
      .answering({ ...pending("a", 1), status: "cancelled", finishedAt: 2, cancelledBy: { caller: "test" } });
  },
});

Deno.test({
  name: "cancel_task takes a task from its holder, and keeps the reason",
  permissions: "none",
  fn() {
    given(...IN_STATUS.in_progress).when({ ...cancel("a"), reason: "not needed" })
      .then({ type: "task.cancelled", id: "a", instance: "x", reason: "not needed", by: { caller: "test" } })
      .answering({
        ...pending("a", 1),
        status: "cancelled",
        assignedTo: "x",
        attempt: 1,
        startedAt: 2,
        finishedAt: 3,
        reason: "not needed",
        cancelledBy: { caller: "test" },
      });
  },
});

Deno.test({
  name: "cancel_task of a cancelled task causes nothing and keeps the first reason",
  permissions: "none",
  fn() {
    const state = stateAfter(...IN_STATUS.pending, { ...cancel("a"), reason: "first" });
    const { events, answer } = run(state, { ...cancel("a"), reason: "second" }, 9);
    assertEquals(events, []);
    assertEquals(answer.reason, "first");
  },
});

Deno.test({
  name: "cancel_task refuses completed, failed and skipped tasks",
  permissions: "none",
  fn() {
    for (const status of ["completed", "failed", "skipped"] as const) {
      given(...IN_STATUS[status]).when(cancel("a"))
        .thenRefused("wrong_state", `Cannot cancel task a in ${status} state: `, { id: "a", status });
    }
  },
});

Deno.test({
  name: "retry_task makes a failed or cancelled task pending again, without the marks of its end",
  permissions: "none",
  fn() {
    for (const [status, message] of [["failed", "broken"], ["cancelled", undefined]] as const) {
      given(...IN_STATUS[status]).when(retry("a"))
        .then({ type: "task.retried", id: "a" })
        .answering(retried({ ...pending("a", 1), ...tried(status, 3, message), pendingAt: 4, readiness: "ready" }));
    }
  },
});

Deno.test({
  name: "retry_task makes a skipped task pending again, and is refused while its dependencies still cannot be met",
  permissions: "none",
  fn() {
    const tasks = create(newTask("b"), taskWith({ ifUnreachable: "skip" }, "a", "b"));
    given(tasks, cancel("b"), retry("b")).when(retry("a"))
      .then({ type: "task.retried", id: "a" })
      .answering(retried({
        ...pending("a", 2),
        dependencies: ["b"],
        ifUnreachable: "skip",
        pendingAt: 4,
        readiness: "waiting",
        waitingFor: ["b"],
      }));
    given(...IN_STATUS.skipped).when(retry("a")).thenRefused(
      "wrong_state",
      "Cannot retry task a in skipped state: It was skipped: It depends on condition failed; its dependencies cannot be met",
      { id: "a", status: "skipped" },
    );
    // What would help is named: the first that can be retried, not one that waits for it.
    given(tasks, create(taskWith({ ifUnreachable: "skip" }, "c", "a")), cancel("b")).when(retry("c")).thenRefused(
      "wrong_state",
      "Cannot retry task c in skipped state: It was skipped: It depends on a; its dependencies cannot be met, so a " +
        "retry would end at once; retry_task c works once this changes: b (cancelled); what would help: " +
        "retry_task b; or update_task c with other dependencies",
    );
  },
});

Deno.test({
  name: "retry_task ends the back-off of a pending task, once, and no other delay of it",
  permissions: "none",
  fn() {
    const failing: CommandOf<"fail_task"> = { ...fail("x", "a"), isRetryable: true };
    for (const settings of [{}, { maxAttempts: 3 }]) {
      const delayed = [create(taskWith(settings, "a")), claim("x", "a"), failing];
      const state = stateAfter(...delayed);
      assertEquals(state.tasks.get("a")?.standing, "delayed");
      const { answer: { task: answer }, events } = run(state, retry("a"), 5);
      assertEquals(events, [{ type: "task.retried", id: "a" }]);
      assertEquals([answer.readiness, answer.failures, answer.pastAttempts?.length], ["ready", undefined, 1]);
      assertEquals(run(state, retry("a"), 6).events, []);
      assertEquals(run(state, claim("y"), 7).answer.task?.attempt, 2);
    }
    const later = stateAfter(create(taskWith({ notBefore: 90_000 }, "a")));
    assertEquals(run(later, retry("a"), 5).events, []);
    // A back-off of 1 s that is over needs no end.
    const over = stateAfter(create(newTask("a")), claim("x", "a"), failing);
    assertEquals(run(over, retry("a"), 5_000).events, []);
  },
});

Deno.test({
  name: "retry_task of a pending task causes nothing and gives the task",
  permissions: "none",
  fn() {
    given(...IN_STATUS.pending).when(retry("a")).then()
      .answering(retried({ ...pending("a", 1), readiness: "ready" }));
    given(create(newTask("b"), newTask("a", "b"))).when(retry("a")).then()
      .answering(retried({ ...pending("a", 2), dependencies: ["b"], readiness: "waiting", waitingFor: ["b"] }));
    given(...IN_STATUS.failed, retry("a")).when(retry("a")).then()
      .answering(retried({ ...pending("a", 1), ...tried("failed", 3, "broken"), pendingAt: 4, readiness: "ready" }));
    given(...IN_STATUS.in_progress, { ...release("x", "a"), reason: "why" }).when(retry("a")).then()
      .answering(retried({
        ...pending("a", 1),
        ...tried("released", 3, "why"),
        pendingAt: 3,
        reason: "why",
        readiness: "ready",
      }));
  },
});

Deno.test({
  name: "retry_task refuses a running task",
  permissions: "none",
  fn() {
    given(...IN_STATUS.in_progress).when(retry("a"))
      .thenRefused("wrong_state", "Cannot retry task a in in_progress state: ", { id: "a", status: "in_progress" });
  },
});

Deno.test({
  name: "every command that names a task refuses one that does not exist",
  permissions: "none",
  fn() {
    for (const id of ["b", "toString", "x".repeat(200), "🦕".repeat(150), "🦕".repeat(200)]) {
      for (const command of commandsFor("x", id)) {
        given(...IN_STATUS.in_progress).when(command).thenRefused("not_found", `Task ${id} not found: `, { id });
      }
    }
    const shown = [
      ["", `""`],
      [" a", `" a"`],
      ["a\n", `"a\\n"`],
      ["a\u0085\u2028", `"a\\u0085\\u2028"`],
      ["a\ud83e", `"a\\ud83e"`],
      ["🦕".repeat(201), `"${"🦕".repeat(200)}…"`],
    ] as const;
    for (const [said, id] of shown) {
      for (const command of commandsFor("x", said)) {
        given(...IN_STATUS.in_progress).when(command).thenRefused("not_found", `Task ${id} not found: `, { id });
      }
    }
  },
});

Deno.test({
  name: "a task that does not exist is named on one short line, whatever its id",
  permissions: "none",
  fn() {
    for (const command of commandsFor("x", `line\nbreak "${"long".repeat(1_000)}`)) {
      const { message, data } = refusalOf(() => decide(emptyState(), command, contextAt(1)));
      assert(message.startsWith(`Task "line\\nbreak \\"longlong`), message);
      assert(!message.includes("\n") && message.length < 400, message);
      assertEquals(data, { id: /^Task (".*") not found: /.exec(message)?.[1] });
    }
  },
});

Deno.test({
  name: "every command of an instance refuses malformed instance ids",
  permissions: "none",
  fn() {
    const refusals: readonly (readonly [string, RefusalCode, string])[] = [
      ["", "invalid_value", "Instance id is empty"],
      ["x ", "invalid_value", `Instance id "x " starts or ends with white space`],
      ["x\u0000", "invalid_value", `Instance id "x\\u0000" has a control character`],
      ["x".repeat(201), "limit_exceeded", "Instance id is too long"],
    ];
    for (const [instance, code, start] of refusals) {
      for (const command of [claim(instance), claim(instance, "a"), complete(instance, "a")]) {
        given(...IN_STATUS.in_progress).when(command).thenRefused(code, start);
      }
      given(...IN_STATUS.in_progress).when(fail(instance, "a")).thenRefused(code, start);
      given(...IN_STATUS.in_progress).when(release(instance, "a")).thenRefused(code, start);
      for (
        const command of [
          { type: "report_progress", id: "a", instance },
          { type: "heartbeat", instance },
          { type: "register_instance", instance, settings: {} },
        ] as const
      ) {
        given(...IN_STATUS.in_progress).when<CommandType>(command).thenRefused(code, start);
      }
    }
  },
});

Deno.test({
  name: "ids that mean something to JavaScript are ordinary ids",
  permissions: "none",
  fn() {
    const ids = ["__proto__", "constructor", "hasOwnProperty", "toString", "10", "2", "-0", "NaN", "null", "undefined"];
    const chain = ids.map((id, index) => index === 0 ? newTask(id) : newTask(id, ids[index - 1] ?? ""));
    const state = stateAfter(create(...chain));
    const last = ids.at(-1) ?? "";
    given(create(...chain)).when(update("__proto__", last)).thenRefused(
      "cycle",
      `Dependencies would create a cycle: ${["__proto__", ...ids.toReversed()].join(" → ")}; `,
    );
    for (const id of ids) {
      const { answer } = run(state, claim(id), 2);
      assertEquals(answer.task?.id, id);
      assertEquals(answer.task?.assignedTo, id);
      assertEquals([...state.held.keys()], [id]);
      run(state, complete(id, id, id), 3);
    }
    assertEquals([...state.tasks.keys()], ids);
    assertEquals(state.counts.completed, ids.length);
    for (const id of ids.toReversed()) run(state, remove(id), 4);
    assertEquals(state.tasks.size, 0);
  },
});

Deno.test({
  name: "ids of emoji, of 200 characters and of 200 emoji are ordinary ids",
  permissions: "none",
  fn() {
    for (const id of ["🦕", "👩‍👩‍👧", "é", "e\u0301", "a b", "a".repeat(200), "🦕".repeat(200), "任务"]) {
      const dependent = newTask("next", id);
      const history = [create(dependent, newTask(id)), claim(id, id), complete(id, id)];
      given(...history).when(claim(id)).then({ type: "task.claimed", id: "next", instance: id, attempt: 1 });
      given(...history).when(remove(id))
        .thenRefused("has_dependents", `Cannot delete task ${id} as it has dependent tasks: next`);
    }
  },
});

/** One command of each kind that names a task, as an instance would give it. */
function commandsFor(instance: string, id: string): readonly Command[] {
  return [
    { type: "update_task", id, description: "new" },
    remove(id),
    claim(instance, id),
    complete(instance, id),
    fail(instance, id),
    release(instance, id),
    cancel(id),
    retry(id),
    { type: "report_progress", id, instance },
  ];
}

/** The import of a task alone is refused for this fault. */
function refusesImport(task: Task, fault: string): void {
  given().when(importing(task))
    .thenRefused("invalid_value", `Cannot import task ${task.id} as it is: ${fault}`, { id: task.id });
}

/** A pending task as the first step of a history creates it. */
function pending(id: string, order: number): Task {
  return { ...newTask(id), status: "pending", attempt: 0, order, createdAt: 1, pendingAt: 1 };
}

/** What a task has of its first attempt, which `x` began at 2. */
function tried(outcome: AttemptOutcome, endedAt: number, message?: string) {
  const attempt = { attempt: 1, instance: "x", startedAt: 2, endedAt, outcome };
  return {
    attempt: 1,
    startedAt: 2,
    pastAttempts: [message === undefined ? attempt : { ...attempt, message }],
    workedMs: endedAt - 2,
  };
}

/** The tasks that claims hand out one after the other. */
function claimOrder(...history: readonly Step[]): readonly string[] {
  const state = stateAfter(...history);
  const ids: string[] = [];
  for (const _ of state.tasks) {
    const { task } = run(state, claim("x"), 99).answer;
    if (task !== undefined) ids.push(task.id);
  }
  return ids;
}

/** The answer to a retry of a task that was not completed. */
function retried(task: TaskView): Retried {
  return { task, started: [], startedCount: 0 };
}
