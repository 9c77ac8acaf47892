/** What to do first, where there are no tasks to show. */

import { moment, setParams, viewAddress } from "../../navigation.ts";
import { FILTER_PARAMS } from "../../plan/row_filter.ts";
import { hasRole, who } from "../../session.ts";
import { CopyButton } from "../../ui/copy_button.tsx";
import { Empty } from "../../ui/notice.tsx";
import { NewTaskButton } from "../edit/edit_buttons.tsx";
import { setupsOf } from "./client_setup.ts";

/** What to say to an agent. */
const PLANNER = "Plan this with the orchestrator's tasks: ";
const WORKER = "Work on the orchestrator's tasks as worker-2";

export function NoTasks() {
  if (moment.value !== undefined) return <Empty title="There were no tasks at that moment" />;
  const address = location.origin + location.pathname.replace(/\/$/, "");
  const { open: isOpen = false, version = "latest" } = who.value ?? {};
  const setups = setupsOf({ address, isOpen, version });
  return (
    <div class="page start">
      <h1>No tasks yet</h1>
      <p>Agents plan and work here together. Connect one, let it plan, and watch.</p>
      <section>
        <h2>1. Connect an agent</h2>
        {setups.map(({ title, hint, text }, index) => (
          <details key={title} open={index === 0}>
            <summary>{title}</summary>
            <p class="quiet">{hint}</p>
            <Copied text={text} />
          </details>
        ))}
      </section>
      <section>
        <h2>2. Let it plan</h2>
        <p class="quiet">Tell one agent what you want, and the others to work on it:</p>
        <Copied text={PLANNER} />
        <Copied text={WORKER} />
      </section>
      {hasRole("worker") && (
        <section>
          <h2>Or begin by yourself</h2>
          <p class="buttons">
            <NewTaskButton />
            {hasRole("planner") && <a href={viewAddress("templates")}>Apply a template</a>}
          </p>
        </section>
      )}
    </div>
  );
}

function Copied({ text }: { readonly text: string }) {
  return (
    <div class="copied">
      <pre class="raw">{text}</pre>
      <CopyButton text={text} />
    </div>
  );
}

/** No task passes the filter. */
export function NoneMatch({ isSearching }: { readonly isSearching: boolean }) {
  return (
    <Empty title={isSearching ? "Searching all texts…" : "No task matches the filter"}>
      <button
        type="button"
        onClick={() => setParams(Object.fromEntries(FILTER_PARAMS.map((name) => [name, undefined])))}
      >
        Clear filter
      </button>
    </Empty>
  );
}
