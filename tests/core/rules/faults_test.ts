/** Shows that commands about many tasks name all that is wrong with them, not only the first of it. */

import { assertEquals } from "@std/assert";
import type { Command } from "../../../src/core/messages/commands.ts";
import { localOperator } from "../../../src/core/model/access.ts";
import type { NewTask } from "../../../src/core/model/task.ts";
import { snapshotOf } from "../../../src/core/state/snapshot.ts";
import type { State } from "../../../src/core/state/state.ts";
import { create, newTask, oldTask, refusalOf, run, stateAfter, taskWith, times, update } from "../given.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

/** The messages of all faults, without what would help. */
function faultsOf(state: State, command: Command, caller = localOperator("test")): readonly string[] {
  const before = snapshotOf(state);
  const refusal = refusalOf(() => run(state, command, 9, {}, caller));
  assertEquals(snapshotOf(state), before);
  const faults = (refusal.data["faults"] ?? [refusal]) as readonly { readonly message: string }[];
  return faults.map(({ message }) => message.split(/[;:] (what would help|choose|remove|name each)/)[0] ?? "");
}

const PLAN: readonly NewTask[] = [
  newTask("there"),
  newTask("bad "),
  newTask("twice"),
  newTask("twice"),
  newTask("a", "none", "twice", { any: ["none2", { group: "g" }] }),
  taskWith({ group: "g", priority: "high" }, "b"),
  taskWith({ timeoutMs: -1 }, "c", "d"),
  newTask("d", "c"),
  newTask("e", "f"),
  newTask("f", "e", "there"),
];

const FAULTS = [
  "Task there already exists",
  'Task id "bad " starts or ends with white space',
  "Task twice already exists in this batch",
  "Dependency task none not found: task a names it",
  "Dependency task none2 not found: task a names it",
  "Dependency group g not found: task a names it",
  "Group g not found: task b names it",
  "timeout_ms of task c must be a whole number from 1 to 31622400000",
  "Dependencies would create a cycle: c → d → c",
  "Dependencies would create a cycle: e → f → e",
];

test("create_tasks names ids, dependencies, settings and cycles, and says nothing of what follows from them", () => {
  const state = stateAfter(create(newTask("there")));
  assertEquals(faultsOf(state, create(...PLAN)).map((each) => each.replace(/, (it|not).*$/, "")), FAULTS);
});

test("import_tasks does the same, with what is wrong in itself", () => {
  const state = stateAfter(create(newTask("there")));
  const tasks = [
    oldTask("there"),
    oldTask("a", { dependencies: ["none"] }),
    oldTask("b", { status: "completed", attempt: -1 }),
  ];
  assertEquals(faultsOf(state, { type: "import_tasks", tasks }), [
    "Task there already exists",
    "Dependency task none not found: task a names it",
    "Cannot import task b as it is: attempt must be a whole number from 0 to 1000000000",
  ]);
});

test("apply_template names unknown and missing parameters together, and what is wrong with the group and the tasks", () => {
  const tasks = [newTask("{{a}}", "{{b}}"), newTask("x", "{{c}}")];
  const parameters = ["a", "b", "c"].map((name) => ({ name, required: true }));
  const state = stateAfter(
    { type: "create_group", id: "g", settings: {} },
    { type: "save_template", template: { name: "t", parameters, tasks } },
  );
  const apply = { type: "apply_template", name: "t", group: "g", settings: {} } as const;
  assertEquals(
    faultsOf(state, { ...apply, parameters: { a: "a", d: "", e: "" } }).map((each) =>
      /parameter \w+( is missing)?|Group g already exists/.exec(each)?.[0]
    ),
    ["parameter d", "parameter e", "parameter b is missing", "parameter c is missing", "Group g already exists"],
  );
  assertEquals(faultsOf(state, { ...apply, parameters: { a: "a", b: "none", c: "none2" } }), [
    "Group g already exists",
    "Dependency task none not found: task g/a names it",
    "Dependency task none2 not found: task g/x names it",
  ]);
});

test("save_template names what is wrong with each task", () => {
  const template = {
    name: "t",
    parameters: [],
    tasks: [newTask("{{a}}"), taskWith({ group: "g" }, "b"), newTask("c"), newTask("c")],
  };
  assertEquals(
    faultsOf(stateAfter(), { type: "save_template", template }).map((each) =>
      each.replace(/, and.*|: leave.*|: give.*/, "")
    ),
    [
      "Cannot save template t as its task {{a}} uses {{a}}",
      "Cannot save template t as its task b has a group",
      "Cannot save template t as two of its tasks have the same id c",
    ],
  );
});

test("an atomic bulk_update names each task that cannot be changed", () => {
  const state = stateAfter(create(...times(3, (index) => newTask(`t${index}`, ...(index > 0 ? ["t0"] : [])))));
  const command = {
    type: "bulk_update",
    filter: { ids: ["t0", "t1", "t2"] },
    action: { type: "release" },
    isAtomic: true,
  } as const;
  run(state, { type: "cancel_task", id: "t1" }, 5);
  run(state, { type: "cancel_task", id: "t2" }, 5);
  assertEquals(faultsOf(state, command), [
    "Cannot release task t1 in cancelled state: it has ended",
    "Cannot release task t2 in cancelled state: it has ended",
  ]);
});

test("update_task names all dependencies that do not exist", () => {
  assertEquals(faultsOf(stateAfter(create(newTask("a"))), update("a", "x", "y")), [
    "Dependency task x not found: task a names it",
    "Dependency task y not found: task a names it",
  ]);
});

test("cycles that share no task are named each, those that do only once", () => {
  const ring = (name: string) => [newTask(`${name}1`, `${name}2`), newTask(`${name}2`, `${name}1`)];
  const rings = times(25, (index) => `r${index}-`).flatMap(ring);
  const refusal = refusalOf(() => run(stateAfter(), create(...rings), 9));
  assertEquals(refusal.data["fault_count"], 20);
  assertEquals(faultsOf(stateAfter(), create(newTask("a", "b", "c"), newTask("b", "a"), newTask("c", "a"))).length, 1);
});

test("update_task names what is wrong with its texts, settings, state and dependencies at once", () => {
  const state = stateAfter(create(newTask("a"), newTask("b", "a"), newTask("c")));
  const command = {
    ...update("a", "x", "b"),
    description: "\ud800",
    settings: { group: "g", timeoutMs: 0, assignTo: { notBy: ["y"] } },
  };
  const faults = [
    "Description of task a",
    "Group g not found",
    "Task y not found",
    "timeout_ms of task a must be",
    "Dependency task x not found",
    "Dependencies would create a cycle",
  ];
  assertEquals(faultsOf(state, command).map((each, index) => each.slice(0, faults[index]?.length)), faults);
  run(state, { type: "claim_task", instance: "i", id: "c" }, 5);
  assertEquals(
    faultsOf(state, { ...update("c", "x"), settings: { maxAttempts: 0 } }).map((each) => each.slice(0, 30)),
    [
      "max_attempts of task c must be",
      "Cannot update task c in in_pro",
      "Dependency task x not found: t",
    ],
  );
});

test("commands with several fields name what is wrong with each", () => {
  const state = stateAfter(create(newTask("a")), { type: "create_group", id: "g", settings: {} });
  run(state, { type: "claim_task", instance: "i", id: "a" }, 5);
  const bad = "\ud800";
  const held = { id: "a", instance: "i" } as const;
  const commands: readonly (readonly [command: Command, ...starts: readonly string[]])[] = [
    [{ type: "create_group", id: "g", settings: { title: bad, maxParallel: 0 } }, "Title", "max_parallel", "Group g"],
    [
      { type: "update_group", id: "g", settings: { title: bad, maxParallel: 0, visibleTo: [" a", " b"] } },
      ...["Title", "max_parallel", 'Audience " a"', 'Audience " b"'],
    ],
    [
      { ...update("a", "x"), addDependencies: ["y"], settings: { assignTo: { fallbackMs: -1 } } },
      ...[
        "Cannot both replace",
        "assign_to of task a",
        "fallback_ms of task a",
        "Cannot update task a",
        "Dependency task x",
      ],
    ],
    [
      { type: "bulk_update", filter: {}, action: { type: "cancel" }, isAtomic: true, instance: " i" },
      ...["Instance id", "Cannot change all tasks"],
    ],
    [{ type: "claim_task", instance: " i", group: "none" }, "Instance id", "Group none not found"],
    [{ type: "claim_task", instance: " i", id: "none" }, "Instance id", "Task none not found"],
    [
      { type: "redact_task", id: "a", fields: [], reason: " ", records: [[0, "x"]], pastConditions: [] },
      ...["Cannot redact as no text", "Cannot redact task a without", "The records"],
    ],
    [{ type: "register_instance", instance: " i", settings: { ttlMs: 0 } }, "Instance id", "ttl_ms"],
    [{ type: "claim_task", instance: " i", roles: [" r"], capabilities: [" c"] }, "Instance id", "Role", "Capability"],
    [{ type: "add_note", id: "a", instance: " i", text: "" }, "Instance id", "Cannot add a note"],
    [{ type: "cancel_task", id: "a", instance: " i", reason: bad }, "Instance id", "Reason"],
    [{ type: "report_progress", ...held, percent: 101, message: bad }, "percent", "Progress message"],
    [{ type: "complete_task", ...held, result: bad, refs: { a: bad } }, "Result", "Reference"],
    [{ type: "release_task", ...held, reason: bad, dependencies: ["x"] }, "Reason", "Dependency task x"],
    [
      { type: "issue_token", token: { name: " t", role: "admin", digest: "d", audiences: ["p"], expiresAt: 1 } },
      ...["Token name", "The digest", "Token  t cannot have audiences", "Token  t cannot expire"],
    ],
    [
      {
        type: "add_webhook",
        webhook: { name: " w", id: "", secret: "s", url: "ftp://x", types: ["x", "y"] as never[] },
      },
      ...["Webhook name", "The id of webhook", "The URL", "Webhook  w names x", "Webhook  w names y"],
    ],
    [
      {
        type: "save_template",
        template: {
          name: "t",
          description: bad,
          parameters: [{ name: "1" }, { name: "2" }],
          tasks: [taskWith({ timeoutMs: 0, maxAttempts: 0 }, "{{a}}")],
        },
      },
      ...["Cannot save template t as its parameter 1", "Cannot save template t as its parameter 2", "Description"],
      ...["Cannot save template t as its task {{a}}", "timeout_ms", "max_attempts"],
    ],
  ];
  for (const [command, ...starts] of commands) {
    assertEquals(
      faultsOf(state, command).map((each, index) => each.slice(0, starts[index]?.length)),
      starts,
      command.type,
    );
  }
});
