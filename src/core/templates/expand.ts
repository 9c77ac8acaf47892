/**
 * Checks templates before they are saved, and fills in their parameters when they are applied. Only texts are filled in.
 * The rules for new tasks check the result: existing dependencies, no cycles, limits of settings.
 */

import { normalize, type ResultCondition } from "../model/dependency.ts";
import { mapDependency } from "../model/map_dependency.ts";
import type { JsonValue } from "../model/result.ts";
import { checkAll, checkEach } from "../model/faults.ts";
import { MAX_DESCRIPTION_BYTES } from "../model/limits.ts";
import { Refusal } from "../model/refusal.ts";
import type { NewTask } from "../model/task.ts";
import type { NewTemplate, TemplateParameter, TemplateTask } from "../model/template.ts";
import { checkId, checkText, printable } from "../model/values.ts";

/** Most tasks of a template. */
export const MAX_TEMPLATE_TASKS = 200;

/** Most parameters of a template. */
export const MAX_TEMPLATE_PARAMETERS = 50;

/** Largest template, in bytes of the UTF-8 of its JSON. */
export const MAX_TEMPLATE_BYTES = 256 * 1024;

/** Most characters that applying a template fills in, as a small template may use a long value often. */
export const MAX_FILLED_CHARACTERS = 4 * 1024 * 1024;

/** A placeholder: two pairs of braces around a name. Braces around anything else are text. */
const PLACEHOLDER = /\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}/g;

const PARAMETER_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * The tasks of a checked template with its parameters filled in, in its order. Each `{{name}}` is replaced by the given
 * value, else the default, else the empty text; placeholders inside a value are not replaced. Ids of the template's
 * tasks, and references to them, get `prefix` and a slash. References to other tasks and to groups get no prefix.
 * Dependencies are normalized, as two of them may have become equal.
 *
 * Refuses unknown and missing parameters, and values that make ids malformed or equal, or the tasks too large.
 *
 * @example
 * ```ts
 * const tasks = [{ id: "fix", description: "Fix {{what}}", dependencies: ["{{after}}"] }];
 * const parameters = [{ name: "what", required: true }, { name: "after", required: true }];
 * expand({ name: "fix", parameters, tasks }, { what: "the bug", after: "plan" }, "g1");
 * // [{ id: "g1/fix", description: "Fix the bug", dependencies: ["plan"] }]
 * ```
 */
export function expand(
  template: NewTemplate,
  parameters: Readonly<Record<string, string>>,
  prefix: string,
): readonly TemplateTask[] {
  const fill = placeholderFiller(template, valuesOf(template, parameters));
  const ids = new Set<string>();
  checkEach(template.tasks, (task) => {
    const id = fill(task.id);
    checkId(id, "Task id");
    if (ids.has(id)) {
      throw new Refusal(
        "already_exists",
        `Cannot apply template ${template.name} as two of its tasks would get the same id ${id}: ` +
          "give values that make the ids different",
        { id },
      );
    }
    ids.add(id);
  });
  const fillId = (text: string) => {
    const id = fill(text);
    return ids.has(id) ? `${prefix}/${id}` : id;
  };
  return template.tasks.map((task) => {
    const filled = mapTexts(task, fill, fillId);
    return { ...filled, dependencies: normalize(filled.dependencies) };
  });
}

/** Refuses a template that could never be applied, or is too large. */
export function checkTemplate(template: NewTemplate): void {
  const { name, description, tasks } = template;
  checkId(name, "Template name");
  if (tasks.length === 0) {
    throw new Refusal("invalid_value", `Cannot save template ${name} as it has no tasks: give at least one`);
  }
  if (tasks.length > MAX_TEMPLATE_TASKS) {
    throw new Refusal(
      "limit_exceeded",
      `Cannot save template ${name} as it has ${tasks.length} tasks: at most ${MAX_TEMPLATE_TASKS} are allowed`,
      { limit: MAX_TEMPLATE_TASKS },
    );
  }
  checkAll(
    () => checkParameters(template),
    () => checkText(JSON.stringify(template), `Template ${name} as JSON`, MAX_TEMPLATE_BYTES),
    () => checkText(description ?? "", `Description of template ${name}`, MAX_DESCRIPTION_BYTES),
    () => checkTasks(template),
  );
}

function checkTasks(template: NewTemplate): void {
  const ids = new Set<string>();
  checkEach(template.tasks, (task) => {
    checkTask(template, task);
    if (ids.has(task.id)) {
      throw new Refusal(
        "already_exists",
        `Cannot save template ${template.name} as two of its tasks have the same id ${task.id}: give each its own`,
        { id: task.id },
      );
    }
    ids.add(task.id);
  });
}

function checkParameters({ name: template, parameters }: NewTemplate): void {
  if (parameters.length > MAX_TEMPLATE_PARAMETERS) {
    throw new Refusal(
      "limit_exceeded",
      `Cannot save template ${template} as it has ${parameters.length} parameters: ` +
        `at most ${MAX_TEMPLATE_PARAMETERS} are allowed`,
      { limit: MAX_TEMPLATE_PARAMETERS },
    );
  }
  const names = new Set<string>();
  checkEach(parameters, ({ name, description, default: value }) => {
    checkId(name, "Parameter name");
    if (!PARAMETER_NAME.test(name)) {
      throw new Refusal(
        "invalid_value",
        `Cannot save template ${template} as its parameter ${printable(name)} is not a valid name: ` +
          "use ASCII letters, digits and underscores, and no digit at the start",
        { parameter: name },
      );
    }
    if (names.has(name)) {
      throw new Refusal(
        "already_exists",
        `Cannot save template ${template} as two of its parameters have the same name ${name}: declare each once`,
        { parameter: name },
      );
    }
    names.add(name);
    checkText(description ?? "", `Description of parameter ${name}`, MAX_DESCRIPTION_BYTES);
    checkText(value ?? "", `Default of parameter ${name}`, MAX_DESCRIPTION_BYTES);
  });
}

/** Refuses a task with a group, with malformed texts or with placeholders of undeclared parameters. */
function checkTask(template: NewTemplate, task: NewTask): void {
  checkId(task.id, "Task id");
  if (task.group !== undefined) {
    throw new Refusal(
      "invalid_value",
      `Cannot save template ${template.name} as its task ${task.id} has a group: ` +
        "leave it out, as all tasks join the group that is created when the template is applied",
      { task: task.id },
    );
  }
  const names = new Set(template.parameters.map(({ name }) => name));
  const check = (text: string) => {
    checkText(text, `A text of task ${task.id}`, MAX_DESCRIPTION_BYTES);
    for (const [placeholder, name = ""] of text.matchAll(PLACEHOLDER)) {
      if (names.has(name)) continue;
      throw new Refusal(
        "invalid_value",
        `Cannot save template ${template.name} as its task ${task.id} uses ${printable(placeholder)}, ` +
          `and ${listParameters(template)}: declare ${printable(name)} as a parameter, or use a declared one`,
        { task: task.id, placeholder: name, parameters: [...names] },
      );
    }
    return text;
  };
  mapTexts(task, check, check);
}

/** The value of each parameter. Refuses unknown and missing ones. */
function valuesOf(template: NewTemplate, given: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  const names = template.parameters.map(({ name }) => name);
  const values = new Map(Object.entries(given));
  const checkKnown = (name: string) => {
    if (names.includes(name)) return;
    throw new Refusal(
      "invalid_value",
      `Cannot apply template ${template.name} as there is no parameter ${printable(name)}: ${listParameters(template)}`,
      { parameter: name, parameters: names },
    );
  };
  const setDefault = ({ name, default: value, required }: TemplateParameter) => {
    if (values.has(name)) return;
    if (required === true && value === undefined) {
      throw new Refusal(
        "invalid_value",
        `Cannot apply template ${template.name} as parameter ${name} is missing: give it a value; ` +
          listParameters(template),
        { parameter: name, parameters: names },
      );
    }
    values.set(name, value ?? "");
  };
  checkAll(() => checkEach(Object.keys(given), checkKnown), () => checkEach(template.parameters, setDefault));
  return values;
}

/** A function that replaces the placeholders of a text, and refuses more than `MAX_FILLED_CHARACTERS` over all calls. */
function placeholderFiller({ name }: NewTemplate, values: ReadonlyMap<string, string>): (text: string) => string {
  let characters = 0;
  return (text) =>
    text.replaceAll(PLACEHOLDER, (placeholder, parameter: string) => {
      const value = values.get(parameter) ?? placeholder;
      characters += value.length;
      if (characters > MAX_FILLED_CHARACTERS) {
        throw new Refusal(
          "limit_exceeded",
          `Cannot apply template ${name} as its parameters fill in more than ${MAX_FILLED_CHARACTERS} characters: ` +
            "give shorter values; put long material into a file and give its path",
          { limit: MAX_FILLED_CHARACTERS },
        );
      }
      return value;
    });
}

/** The parameters of a template in words. */
function listParameters({ parameters }: NewTemplate): string {
  if (parameters.length === 0) return "it has no parameters";
  const names = parameters.map(({ name, required, default: value }) =>
    required === true && value === undefined ? `${name} (required)` : name
  );
  return `its parameters are ${names.join(", ")}`;
}

type MapText = (text: string) => string;

/** A task with its texts replaced by `map`, but its id and the ids of its dependencies by `mapId`. */
function mapTexts(task: NewTask, map: MapText, mapId: MapText): NewTask {
  const { id, description, dependencies, role, capabilities, locks, assignTo } = task;
  return {
    ...task,
    id: mapId(id),
    description: map(description),
    dependencies: dependencies.map((dependency) => {
      // A condition is a JSON object, and `mapJson` replaces texts by texts only.
      const when = (condition: ResultCondition) => mapJson(condition as JsonValue, map) as ResultCondition;
      return mapDependency(dependency, { task: mapId, group: map, when });
    }),
    ...(role !== undefined && { role: map(role) }),
    ...(capabilities !== undefined && { capabilities: capabilities.map(map) }),
    ...(locks !== undefined && { locks: locks.map(map) }),
    ...(assignTo !== undefined && {
      assignTo: {
        ...assignTo,
        ...(assignTo.instance !== undefined && { instance: map(assignTo.instance) }),
        ...(assignTo.role !== undefined && { role: map(assignTo.role) }),
        ...(assignTo.notBy !== undefined && { notBy: assignTo.notBy.map(mapId) }),
      },
    }),
  };
}

/** A JSON value with each text in it replaced, keys included. */
function mapJson(value: JsonValue, map: MapText): JsonValue {
  if (typeof value === "string") return map(value);
  if (typeof value !== "object" || value === null) return value;
  // `Array.isArray` does not narrow read-only arrays.
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map((item) => mapJson(item, map));
  const fields = new Map<string, JsonValue>();
  for (const [key, item] of Object.entries(value)) {
    const name = map(key);
    if (fields.has(name)) {
      throw new Refusal(
        "invalid_value",
        `Cannot fill in a condition as two of its keys become ${printable(name)}: give values that make them different`,
        { key: name },
      );
    }
    fields.set(name, mapJson(item, map));
  }
  // Unlike assignment, this makes an own property of the key `__proto__`.
  return Object.fromEntries(fields);
}
