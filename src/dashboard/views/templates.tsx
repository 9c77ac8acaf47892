/** The templates: to read, and to apply with a form made of their parameters and a preview of the tasks. */

import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { change, pathOf } from "../api/client.ts";
import type { Dependency } from "../api/types.ts";
import { moment, place, setParams, viewAddress } from "../navigation.ts";
import { plainTitle } from "../plan/plain_title.ts";
import { hasRole } from "../session.ts";
import { ActionButton, Refused, useAction } from "../ui/action.tsx";
import { useLoaded } from "../ui/loaded.ts";
import { Failed, Loading } from "../ui/notice.tsx";
import { taskCount } from "../ui/task_count.ts";
import { TemplateDrawing } from "./template_drawing.tsx";
import { templateGraph } from "./template_graph.ts";
import { describeDependency, fillIn } from "./template_text.ts";

interface Parameter {
  readonly name: string;
  readonly description?: string;
  readonly required?: boolean;
  readonly default?: string;
}

interface Summary {
  readonly name: string;
  readonly version: number;
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  readonly tasks: number;
  readonly builtin?: boolean;
  readonly archived?: boolean;
}

interface Template extends Omit<Summary, "tasks"> {
  readonly tasks: readonly {
    readonly id: string;
    readonly description: string;
    readonly dependencies?: readonly Dependency[];
  }[];
}

export function TemplatesView() {
  const { data, error, reload } = useLoaded<{ readonly templates: readonly Summary[] }>("/templates", {
    isAffected: ({ type }) => type.startsWith("template."),
  });
  const chosen = place.value.params["template"];
  if (data.value === undefined) return error.value === undefined ? <Loading /> : <Failed error={error.value} />;
  return (
    <div class="page templates">
      <header class="page-header">
        <h1>Templates</h1>
      </header>
      <ul class="template-list">
        {data.value.templates.map(({ name, description, tasks, builtin, archived }) => (
          <li key={name}>
            <button
              type="button"
              aria-pressed={chosen === name}
              onClick={() => setParams({ template: chosen === name ? undefined : name })}
            >
              <span class="id">{name}</span>
              <span class="quiet">
                {taskCount(tasks)}
                {builtin === true && ", built in"}
                {archived === true && ", archived"}
              </span>
              <span>{description}</span>
            </button>
          </li>
        ))}
      </ul>
      {chosen !== undefined && <TemplatePage key={chosen} name={chosen} onDone={reload} />}
    </div>
  );
}

function TemplatePage({ name, onDone }: { readonly name: string; readonly onDone: () => void }) {
  const { data, error } = useLoaded<Template>(pathOf("templates", name), {
    isAffected: ({ type, subject }) => type.startsWith("template.") && subject === name,
  });
  const template = data.value;
  if (template === undefined) return error.value === undefined ? <Loading /> : <Failed error={error.value} />;
  return <ApplyForm template={template} onDone={onDone} />;
}

function ApplyForm({ template, onDone }: { readonly template: Template; readonly onDone: () => void }) {
  const { name, parameters = [], tasks, builtin, archived } = template;
  const action = useAction();
  const group = useSignal("");
  const values = useSignal<Readonly<Record<string, string>>>({});
  const made = useSignal<string | undefined>(undefined);
  const section = useRef<HTMLElement>(null);
  // It may be far below the list in which it was chosen.
  useEffect(() => section.current?.scrollIntoView({ block: "nearest" }), []);
  const mayApply = hasRole("planner") && moment.value === undefined;
  const given = Object.fromEntries(Object.entries(values.value).filter(([, value]) => value !== ""));
  const filled = (text: string) => fillIn(text, parameters, given);
  const graph = useMemo(() => templateGraph(tasks, filled), [tasks, values.value]);
  const submit = async (event: Event) => {
    event.preventDefault();
    const id = group.value.trim();
    const body = { group_id: id, parameters: given };
    if (await action.run(() => change("POST", `${pathOf("templates", name)}/apply`, body), `Created ${id}`)) {
      made.value = id;
    }
  };
  return (
    <section ref={section} aria-label={`Template ${name}`} class="template">
      <form class="form" onSubmit={(event) => void submit(event)}>
        <h2>Apply {name}</h2>
        <label>
          Group to make
          <input required value={group.value} onInput={({ currentTarget }) => group.value = currentTarget.value} />
          <span class="quiet">Its tasks are named after it: {group.value.trim() || "group"}/{tasks[0]?.id}</span>
        </label>
        {parameters.map(({ name, description, required, default: usual }) => (
          <label key={name}>
            {name}
            <textarea
              rows={2}
              required={required === true}
              placeholder={usual}
              value={values.value[name] ?? ""}
              onInput={({ currentTarget }) => values.value = { ...values.value, [name]: currentTarget.value }}
            />
            <span class="quiet">{description}</span>
          </label>
        ))}
        <Refused error={action.error} />
        {made.value !== undefined && (
          <p role="status">
            Created. <a href={viewAddress("plan", { group: made.value })}>Show {made.value}</a>
          </p>
        )}
        <div class="buttons">
          {mayApply && (
            <button type="submit" class="primary" disabled={action.isPending}>Create {taskCount(tasks.length)}</button>
          )}
          {mayApply && builtin !== true && (
            <ActionButton
              run={() =>
                change("POST", `${pathOf("templates", name)}/archive`, { archived: archived !== true }).then(onDone)}
              done={archived === true ? `Restored ${name}` : `Archived ${name}`}
            >
              {archived === true ? "Restore" : "Archive"}
            </ActionButton>
          )}
        </div>
      </form>
      <TemplateDrawing graph={graph} titles={tasks.map(({ description }) => firstLine(filled(description)))} />
      <ol class="preview" aria-label="The tasks that it makes">
        {tasks.map(({ id, description, dependencies = [] }) => (
          <li key={id}>
            <span class="id">{filled(id)}</span>
            {dependencies.length > 0 && (
              <span class="quiet">after {dependencies.map(describeDependency).join("; ")}</span>
            )}
            <details>
              <summary>{firstLine(filled(description))}</summary>
              <p class="text">{filled(description)}</p>
            </details>
          </li>
        ))}
      </ol>
    </section>
  );
}

function firstLine(text: string): string {
  return plainTitle(text.split("\n", 1)[0] ?? "");
}
