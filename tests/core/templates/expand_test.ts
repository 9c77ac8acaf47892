/** Shows which templates can be saved, and which tasks they become. */

import fc from "fast-check";
import { type Dependency, referencesOf } from "../../../src/core/model/dependency.ts";
import type { JsonValue } from "../../../src/core/model/result.ts";
import { MAX_DESCRIPTION_BYTES, MAX_ID_CHARACTERS } from "../../../src/core/model/limits.ts";
import { Refusal, type RefusalCode } from "../../../src/core/model/refusal.ts";
import type { NewTask } from "../../../src/core/model/task.ts";
import type { NewTemplate, TemplateParameter } from "../../../src/core/model/template.ts";
import {
  checkTemplate,
  expand,
  MAX_FILLED_CHARACTERS,
  MAX_TEMPLATE_BYTES,
  MAX_TEMPLATE_PARAMETERS,
  MAX_TEMPLATE_TASKS,
} from "../../../src/core/templates/expand.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";

Deno.test({
  name: "a template without parameters becomes its tasks, with prefixed ids",
  permissions: "none",
  fn() {
    const tasks = expand(template([], newTask("a"), { ...newTask("b", "a"), priority: "high" }), {}, "g");
    assertEquals(tasks, [
      { id: "g/a", description: "do a", dependencies: [] },
      { id: "g/b", description: "do b", dependencies: ["g/a"], priority: "high" },
    ]);
  },
});

Deno.test({
  name: "every text of a task is filled in",
  permissions: "none",
  fn() {
    const task: NewTask = {
      id: "{{x}}-a",
      description: "Do {{x}} and {{ x }}, {{\tx\n}}.",
      dependencies: [
        "{{x}}-b",
        { task: "{{x}}-b", on: "failed" },
        { task: "b", when: { pointer: "/{{x}}", equals: { "k{{x}}": ["{{x}}", 1, null, true] } } },
        { group: "{{x}}", on: "finished" },
        { any: ["{{x}}", { all: [{ task: "{{x}}", when: { contains: "{{x}}" } }] }] },
        { at_least: 1, of: ["{{x}}"] },
        { at_least: "60%", of: { group: "g{{x}}" } },
      ],
      role: "{{x}}",
      capabilities: ["{{x}}", "c"],
      assignTo: { instance: "i{{x}}", role: "r{{x}}", fallbackMs: 5 },
      locks: ["l{{x}}"],
      ifUnreachable: "skip",
      backoff: { initialIntervalMs: 1 },
    };
    const [filled] = expand(template([{ name: "x" }], task), { x: "v" }, "g");
    assertEquals(filled, {
      id: "g/v-a",
      description: "Do v and v, v.",
      dependencies: [
        "v-b",
        { task: "v-b", on: "failed" },
        { task: "b", when: { pointer: "/v", equals: { "kv": ["v", 1, null, true] } } },
        { group: "v", on: "finished" },
        { any: ["v", { all: [{ task: "v", when: { contains: "v" } }] }] },
        { at_least: 1, of: ["v"] },
        { at_least: "60%", of: { group: "gv" } },
      ],
      role: "v",
      capabilities: ["v", "c"],
      assignTo: { instance: "iv", role: "rv", fallbackMs: 5 },
      locks: ["lv"],
      ifUnreachable: "skip",
      backoff: { initialIntervalMs: 1 },
    });
  },
});

Deno.test({
  name: "a reference to a task of the template gets the prefix, any other names one outside",
  permissions: "none",
  fn() {
    const a = newTask("{{x}}");
    const b: NewTask = {
      ...newTask("b"),
      dependencies: [
        "v",
        "outside",
        { task: "{{x}}", on: "finished" },
        { any: [{ all: ["{{x}}", "other"] }, { at_least: 1, of: ["v", { group: "v" }] }] },
        { at_least: 1, of: { group: "b" } },
      ],
    };
    assertEquals(expand(template([{ name: "x" }], a, b), { x: "v" }, "g")[1]?.dependencies, [
      "g/v",
      "outside",
      { task: "g/v", on: "finished" },
      { any: [{ all: ["g/v", "other"] }, { at_least: 1, of: ["g/v", { group: "v" }] }] },
      { at_least: 1, of: { group: "b" } },
    ]);
  },
});

Deno.test({
  name: "dependencies that values make the same are kept once, and in their shortest form",
  permissions: "none",
  fn() {
    const task: NewTask = { ...newTask("a", "{{x}}", "{{y}}", "p"), dependencies: ["{{x}}", "{{y}}", { task: "p" }] };
    const [filled] = expand(template([{ name: "x" }, { name: "y" }], task), { x: "p", y: "p" }, "g");
    assertEquals(filled?.dependencies, ["p"]);
  },
});

Deno.test({
  name: "a parameter that is not given has its default, or else is empty",
  permissions: "none",
  fn() {
    const parameters = [{ name: "x", default: "d", required: true }, { name: "y", default: "" }, { name: "z" }];
    const text = "{{x}}|{{y}}|{{z}}";
    assertEquals(descriptionOf(text, parameters, {}), "d||");
    assertEquals(descriptionOf(text, parameters, { x: "", y: "1", z: "2" }), "|1|2");
  },
});

Deno.test({
  name: "values are taken literally: neither placeholders nor replacement patterns in them mean anything",
  permissions: "none",
  fn() {
    const parameters = [{ name: "x" }, { name: "y" }];
    for (const x of ["{{y}}", "{{x}}", "$&", "$1", "$$", "$`", "$'", "\\1", "{{", "}}", "\n", "__proto__"]) {
      assertEquals(descriptionOf("a{{x}}b{{y}}", parameters, { x, y: "1" }), `a${x}b1`);
    }
    // Two values that make a placeholder only together.
    assertEquals(descriptionOf("{{x}}{{y}}", parameters, { x: "{{x", y: "}}" }), "{{x}}");
  },
});

Deno.test({
  name: "braces around anything but a name are text",
  permissions: "none",
  fn() {
    const texts = [
      "{{}}",
      "{{ }}",
      "{{1}}",
      "{{a b}}",
      "{{a-b}}",
      "{{a.b}}",
      "{{é}}",
      "{x}",
      "{{x}",
      "{ {x} }",
      "}}x{{",
    ];
    for (const text of texts) assertEquals(descriptionOf(text, [{ name: "x" }], { x: "v" }), text);
    assertEquals(descriptionOf("{{{x}}} {{{{x}}}}", [{ name: "x" }], { x: "v" }), "{v} {{v}}");
  },
});

Deno.test({
  name: "an unknown parameter is refused, and the refusal lists those there are",
  permissions: "none",
  fn() {
    const parameters = [{ name: "x", required: true }, { name: "y", required: true, default: "d" }];
    for (const name of ["z", "X", "constructor", "__proto__"]) {
      const given: Record<string, string> = { x: "1", ...JSON.parse(`{"${name}": "2"}`) };
      const { code, message, data } = refusalOf(() => descriptionOf("", parameters, given));
      assertEquals(code, "invalid_value");
      assertEquals(
        message,
        `Cannot apply template t as there is no parameter ${name}: its parameters are x (required), y`,
      );
      assertEquals(data, { parameter: name, parameters: ["x", "y"] });
    }
    const { message } = refusalOf(() => descriptionOf("", [], { "a\nb": "" }));
    assertEquals(message, 'Cannot apply template t as there is no parameter "a\\nb": it has no parameters');
  },
});

Deno.test({
  name: "a required parameter without a default must be given",
  permissions: "none",
  fn() {
    for (const name of ["x", "constructor", "__proto__"]) {
      const parameters = [{ name: "y" }, { name, required: true }];
      const { code, message, data } = refusalOf(() => descriptionOf("", parameters, {}));
      assertEquals(code, "invalid_value");
      assertEquals(
        message,
        `Cannot apply template t as parameter ${name} is missing: give it a value; ` +
          `its parameters are y, ${name} (required)`,
      );
      assertEquals(data, { parameter: name, parameters: ["y", name] });
    }
  },
});

Deno.test({
  name: "parameters and fields named like parts of objects are ordinary",
  permissions: "none",
  fn() {
    const equals: JsonValue = JSON.parse('{"__proto__": "{{__proto__}}", "constructor": {"{{constructor}}": 1}}');
    const task: NewTask = {
      ...newTask("a"),
      description: "{{__proto__}} {{constructor}} {{toString}}",
      dependencies: [{ task: "b", when: { equals } }],
    };
    const parameters = ["__proto__", "constructor", "toString"].map((name) => ({ name }));
    const given: Record<string, string> = JSON.parse('{"__proto__": "p", "constructor": "__proto__"}');
    checkTemplate(template(parameters, task));
    const [filled] = expand(template(parameters, task), given, "g");
    assertEquals(filled?.description, "p __proto__ ");
    assertEquals(
      JSON.stringify(filled?.dependencies),
      '[{"task":"b","when":{"equals":{"__proto__":"p","constructor":{"__proto__":1}}}}]',
    );
  },
});

Deno.test({
  name: "keys of a condition must not become the same",
  permissions: "none",
  fn() {
    const task: NewTask = {
      ...newTask("a"),
      dependencies: [{ task: "b", when: { equals: { "{{x}}": 1, "{{y}}": 2 } } }],
    };
    const parameters = [{ name: "x" }, { name: "y" }];
    assertEquals(expand(template(parameters, task), { x: "1", y: "2" }, "g").length, 1);
    const { code, message } = refusalOf(() => expand(template(parameters, task), { x: "1", y: "1" }, "g"));
    assertEquals(code, "invalid_value");
    assert(message.startsWith("Cannot fill in a condition as two of its keys become 1: "), message);
  },
});

Deno.test({
  name: "ids must stay apart and well-formed when they are filled in",
  permissions: "none",
  fn() {
    const parameters = [{ name: "x" }];
    const twoTasks = template(parameters, newTask("a"), newTask("{{x}}"));
    const { code, message, data } = refusalOf(() => expand(twoTasks, { x: "a" }, "g"));
    assertEquals(code, "already_exists");
    assert(message.startsWith("Cannot apply template t as two of its tasks would get the same id a: "), message);
    assertEquals(data, { id: "a" });
    for (const x of ["", " a", "a ", "a\nb", "\ud800"]) {
      assertEquals(refusalOf(() => expand(twoTasks, { x }, "g")).code, "invalid_value");
    }
    const long = "a".repeat(MAX_ID_CHARACTERS + 1);
    assertEquals(refusalOf(() => expand(twoTasks, { x: long }, "g")).code, "limit_exceeded");
  },
});

Deno.test({
  name: "a small template cannot be blown up by a long value",
  permissions: "none",
  fn() {
    const count = 1_000;
    const half = "v".repeat(MAX_FILLED_CHARACTERS / count);
    const text = "{{x}}".repeat(count);
    assertEquals(descriptionOf(text, [{ name: "x" }], { x: half }).length, half.length * count);
    const { code, message, data } = refusalOf(() => descriptionOf(text, [{ name: "x" }], { x: `${half}v` }));
    assertEquals(code, "limit_exceeded");
    assert(message.startsWith("Cannot apply template t as its parameters fill in more than 4194304 characters: "));
    assertEquals(data, { limit: MAX_FILLED_CHARACTERS });
  },
});

Deno.test({
  name: "filling in changes nothing of the template",
  permissions: "none",
  fn() {
    const original = template([{ name: "x" }], { ...newTask("{{x}}"), dependencies: [{ any: ["{{x}}b", "c"] }] });
    const before = structuredClone(original);
    expand(original, { x: "v" }, "g");
    checkTemplate(original);
    assertEquals(original, before);
  },
});

Deno.test({
  name: "texts without placeholders never change, whatever the parameters",
  permissions: "none",
  fn() {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(fc.constantFrom("{{", "}}", "{", "}", "$", "&", "x", " ", "1", "-"), { maxLength: 12 })
        .map((parts) => parts.join("")),
    ).filter((each) => !/\{\{\s*[A-Za-z_]\w*\s*\}\}/.test(each));
    fc.assert(
      fc.property(text, fc.string(), (text, x) => {
        const equals: JsonValue = [text, { [text]: text }];
        const task: NewTask = {
          id: "a",
          description: text,
          dependencies: [{ task: "b", when: { equals } }],
          role: text,
          capabilities: [text],
          locks: [text],
          assignTo: { instance: text, role: text },
        };
        assertEquals(expand(template([{ name: "x" }], task), { x }, "g"), [{ ...task, id: "g/a" }]);
      }),
      { numRuns: 300 },
    );
  },
});

Deno.test({
  name: "what stands around placeholders never changes, and values appear as they are",
  permissions: "none",
  fn() {
    const text = fc.string({ unit: "binary" }).map((each) => each.replaceAll(/[{}]/g, ""));
    fc.assert(
      fc.property(fc.array(text, { minLength: 1 }), fc.string({ unit: "binary" }), (texts, x) => {
        assertEquals(descriptionOf(texts.join("{{ x }}"), [{ name: "x" }], { x }), texts.join(x));
      }),
      { numRuns: 1_000 },
    );
  },
});

Deno.test({
  name: "prefixing keeps the shape of the graph",
  permissions: "none",
  fn() {
    // Ids that are prefixes of each other, or look prefixed, must not be taken for each other.
    const ids = ["a", "g/a", "g/g/a", "b", "g", "g/", "a/g", "__proto__", "constructor", "{{", "7"];
    const prefix = fc.oneof(fc.constantFrom("g", "a", "g/g", "__proto__"), fc.string({ minLength: 1 }));
    fc.assert(
      fc.property(graph(ids), fc.constantFrom(...wrappings), prefix, (plain, wrap, prefix) => {
        const inside = new Set(plain.map(({ id }) => id));
        // What is outside cannot have the id that a task gets, or that task could not be created.
        const tasks = plain.map((task) => {
          const distinct = task.dependencies.filter((id) => inside.has(`${id}`) || !`${id}`.startsWith(`${prefix}/`));
          return { ...task, dependencies: distinct.map(wrap) };
        });
        const edges = tasks.map((
          { id, dependencies },
        ) => [
          `${prefix}/${id}`,
          ...dependencies.flatMap(idsOf).map((each) => inside.has(each) ? `${prefix}/${each}` : each),
        ]);
        const expanded = expand(template([], ...tasks), {}, prefix);
        assertEquals(expanded.map(({ id, dependencies }) => [id, ...dependencies.flatMap(idsOf)]), edges);
        assertEquals(new Set(expanded.map(({ id }) => id)).size, tasks.length);
      }),
      { numRuns: 500 },
    );
  },
});

Deno.test({
  name: "a template may be as large as the limits say, but not larger",
  permissions: "none",
  fn() {
    const parameters = times(MAX_TEMPLATE_PARAMETERS, (index) => ({ name: `p${index}` }));
    const tasks = times(MAX_TEMPLATE_TASKS, (index) => newTask(`t${index}`));
    checkTemplate(template(parameters, ...tasks));
    assertIsRefused(
      template([...parameters, { name: "p" }], ...tasks),
      "limit_exceeded",
      "Cannot save template t as it has 51 parameters: at most 50 are allowed",
    );
    assertIsRefused(
      template(parameters, ...tasks, newTask("t")),
      "limit_exceeded",
      "Cannot save template t as it has 201 tasks: at most 200 are allowed",
    );
    assertIsRefused(
      template([]),
      "invalid_value",
      "Cannot save template t as it has no tasks: give at least one",
    );
  },
});

Deno.test({
  name: "the JSON of a template is measured in bytes of UTF-8",
  permissions: "none",
  fn() {
    const tasks = times(5, (index) => ({ ...newTask(`t${index}`), description: "" }));
    const room = MAX_TEMPLATE_BYTES - JSON.stringify(template([], ...tasks)).length;
    const share = Math.floor(room / 5);
    const [first, ...rest] = tasks.map((task) => ({ ...task, description: "é".repeat(Math.floor(share / 2)) }));
    assert(first !== undefined);
    const used = 8 * Math.floor(share / 2);
    const withFirst = (bytes: number) => template([], { ...first, description: "x".repeat(bytes) }, ...rest);
    checkTemplate(withFirst(room - used));
    assertIsRefused(
      withFirst(room - used + 1),
      "limit_exceeded",
      `Template t as JSON is too long: at most ${MAX_TEMPLATE_BYTES} bytes of UTF-8 are allowed`,
    );
  },
});

Deno.test({
  name: "a template needs a proper name, and its texts must be short enough and storable",
  permissions: "none",
  fn() {
    const good = template([{ name: "x" }], newTask("a"));
    assertIsRefused({ ...good, name: "" }, "invalid_value", "Template name is empty");
    assertIsRefused({ ...good, name: " t" }, "invalid_value", 'Template name " t" starts or ends with white space');
    const long = "x".repeat(MAX_DESCRIPTION_BYTES + 1);
    assertIsRefused({ ...good, description: long }, "limit_exceeded", "Description of template t is too long");
    const texts: readonly [NewTemplate, string][] = [
      [{ ...good, description: "\0" }, "Description of template t"],
      [template([{ name: "x", description: "\0" }], newTask("a")), "Description of parameter x"],
      [template([{ name: "x", default: "\ud800" }], newTask("a")), "Default of parameter x"],
      [template([], { ...newTask("a"), description: "\0" }), "A text of task a"],
      [template([], { ...newTask("a"), dependencies: [{ task: "b", when: { equals: ["\0"] } }] }), "A text of task a"],
    ];
    for (const [each, what] of texts) {
      assertIsRefused(each, "invalid_value", `${what} holds a NUL character or half a surrogate pair`);
    }
  },
});

Deno.test({
  name: "parameters are named like variables, each once",
  permissions: "none",
  fn() {
    for (const name of ["x", "_", "X1", "__proto__", "constructor", "a_b"]) {
      checkTemplate(template([{ name }], { ...newTask("a"), description: `{{${name}}}` }));
    }
    for (const name of ["1", "a-b", "a b", "a.b", "é", "{{x}}", "x$", "$"]) {
      assertIsRefused(
        template([{ name }], newTask("a")),
        "invalid_value",
        `Cannot save template t as its parameter ${name} is not a valid name: use ASCII letters`,
      );
    }
    assertIsRefused(template([{ name: "" }], newTask("a")), "invalid_value", "Parameter name is empty");
    assertIsRefused(template([{ name: "a\n" }], newTask("a")), "invalid_value", 'Parameter name "a\\n" has a control');
    assertIsRefused(
      template([{ name: "x" }, { name: "y" }, { name: "x" }], newTask("a")),
      "already_exists",
      "Cannot save template t as two of its parameters have the same name x: declare each once",
    );
  },
});

Deno.test({
  name: "a placeholder must be declared wherever it stands",
  permissions: "none",
  fn() {
    const a = newTask("a");
    const tasks: readonly NewTask[] = [
      { ...a, description: "{{y}}" },
      { ...a, description: "{{x}} {{ y }}" },
      { ...a, role: "{{y}}" },
      { ...a, capabilities: ["c", "{{y}}"] },
      { ...a, locks: ["{{y}}"] },
      { ...a, assignTo: { instance: "{{y}}" } },
      { ...a, assignTo: { role: "{{y}}" } },
      ...["{{y}}", { task: "{{y}}" }, { group: "{{y}}" }].flatMap((dependency) =>
        wrappings.map((wrap) => ({ ...a, dependencies: [wrap(dependency)] }))
      ),
      { ...a, dependencies: [{ at_least: 1, of: { group: "{{y}}" } }] },
      { ...a, dependencies: [{ task: "b", when: { pointer: "/{{y}}", exists: true } }] },
      { ...a, dependencies: [{ task: "b", when: { not_equals: [{ k: "{{y}}" }] } }] },
      { ...a, dependencies: [{ task: "b", when: { equals: { "{{y}}": 1 } } }] },
      { ...a, dependencies: [{ task: "b", when: { greater_than: "{{y}}" } }] },
    ];
    for (const task of tasks) {
      checkTemplate(template([{ name: "x" }, { name: "y" }], task));
      const { code, message, data } = refusalOf(() => checkTemplate(template([{ name: "x" }], newTask("b"), task)));
      assertEquals(code, "invalid_value");
      assertEquals(
        message.replace("{{ y }}", "{{y}}"),
        "Cannot save template t as its task a uses {{y}}, and its parameters are x: " +
          "declare y as a parameter, or use a declared one",
      );
      assertEquals(data, { task: "a", placeholder: "y", parameters: ["x"] });
    }
    assertIsRefused(
      template([], { ...a, id: "{{y}}" }),
      "invalid_value",
      "Cannot save template t as its task {{y}} uses {{y}}, and it has no parameters: declare y as a parameter",
    );
    checkTemplate(template([], { ...a, description: "{{}} {{1}} {{a b}} ${{ a.b }} {x}" }));
  },
});

Deno.test({
  name: "tasks of a template have no group and different ids",
  permissions: "none",
  fn() {
    assertIsRefused(
      template([], newTask("a"), { ...newTask("b"), group: "g" }),
      "invalid_value",
      "Cannot save template t as its task b has a group: leave it out",
    );
    assertIsRefused(
      template([], newTask("a"), newTask("a")),
      "already_exists",
      "Cannot save template t as two of its tasks have the same id a: give each its own",
    );
    assertIsRefused(template([], newTask("")), "invalid_value", "Task id is empty");
  },
});

/** Tasks with some of the ids, which depend on any of them; those that are left out are outside. */
function graph(ids: readonly string[]): fc.Arbitrary<readonly NewTask[]> {
  const subset = fc.shuffledSubarray([...ids]);
  return fc.tuple(subset, fc.infiniteStream(subset)).map(([inside, dependencies]) =>
    inside.map((id) => newTask(id, ...dependencies.next().value))
  );
}

/** Ways in which a dependency can stand inside of others. */
const wrappings: readonly ((dependency: Dependency) => Dependency)[] = [
  (dependency) => dependency,
  (dependency) => typeof dependency === "string" ? { task: dependency, on: "finished" } : dependency,
  (dependency) => ({ any: [dependency, "outside"] }),
  (dependency) => ({ all: ["outside", { any: [dependency] }] }),
  (dependency) => ({ at_least: 1, of: [{ group: "outside" }, dependency] }),
];

function template(parameters: readonly TemplateParameter[], ...tasks: readonly NewTask[]): NewTemplate {
  return { name: "t", parameters, tasks };
}

/** What a description becomes. */
function descriptionOf(
  description: string,
  parameters: readonly TemplateParameter[],
  given: Readonly<Record<string, string>>,
): string {
  const [task] = expand(template(parameters, { ...newTask("a"), description }), given, "g");
  assert(task !== undefined);
  return task.description;
}

function idsOf(dependency: Dependency): readonly string[] {
  return Array.from(referencesOf(dependency), ({ id }) => id);
}

function assertIsRefused(template: NewTemplate, code: RefusalCode, start: string): void {
  const refusal = refusalOf(() => checkTemplate(template));
  assertEquals(refusal.code, code, refusal.message);
  assert(refusal.message.startsWith(start), `"${refusal.message}" does not start with "${start}"`);
}

function refusalOf(call: () => unknown): Refusal {
  return assertThrows(call, Refusal);
}

/** A task that can be told from others by its id only. */
function newTask(id: string, ...dependencies: readonly string[]): NewTask {
  return { id, description: `do ${id}`, dependencies };
}

function times<T>(count: number, item: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => item(index));
}
