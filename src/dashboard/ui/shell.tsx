/** What surrounds every view: navigation, search, whether the page is live, the task beside the view, shortcuts. */

import { useSignal } from "@preact/signals";
import { connection, lostAt } from "../live/event_stream.ts";
import { planError } from "../live/live_plan.ts";
import { moment, place, selectedTask, selectTask, viewAddress } from "../navigation.ts";
import { DEFAULT_VIEW } from "../places.ts";
import { theme, times } from "../preferences.ts";
import { hasRole, signOut, who } from "../session.ts";
import { TaskForms } from "../views/edit/edit_buttons.tsx";
import { TaskPanel } from "../views/task/task_panel.tsx";
import { clearSelection } from "../views/tasks/selection.ts";
import { VIEWS } from "../views/mod.ts";
import { Announcer } from "./announcer.tsx";
import { Dialog } from "./dialog.tsx";
import { DropDown, useLeave } from "./drop_down.tsx";
import { currentShortcuts, useShortcuts } from "./keys.ts";
import { PauseNotice } from "./pause_notice.tsx";
import { SearchBox } from "./search_box.tsx";
import { TimeBar } from "./time_bar.tsx";
import { Age } from "./time.tsx";

export function Shell() {
  const isHelpShown = useSignal(false);
  const isMenuShown = useSignal(false);
  const view = VIEWS.find(({ name }) => name === place.value.view) ?? VIEWS.find(({ name }) => name === DEFAULT_VIEW);
  const offered = VIEWS.filter(({ role = "observer" }) => hasRole(role));
  const go = useSignal(false);
  const menu = useLeave<HTMLDivElement>(isMenuShown.value, () => isMenuShown.value = false);
  useShortcuts([
    { key: "?", what: "Show the shortcuts", run: () => isHelpShown.value = true },
    {
      key: "Escape",
      what: "Close the task, clear the selection",
      run: () => selectedTask.value === "" ? clearSelection() : selectTask(""),
    },
    { key: "g", what: "Go to a view: g, then its letter", run: () => go.value = true },
  ]);
  const View = view?.component;
  return (
    <div class={`shell ${selectedTask.value === "" ? "" : "with-panel"}`}>
      <a class="skip" href="#main">Skip to the content</a>
      <header class="bar">
        <div ref={menu} class="views">
          <button
            type="button"
            class="menu"
            aria-expanded={isMenuShown.value}
            aria-controls="views"
            onClick={() => isMenuShown.value = !isMenuShown.value}
          >
            ☰<span class="hidden-text">Views</span>
          </button>
          <nav
            id="views"
            class={isMenuShown.value ? "open" : ""}
            aria-label="Views"
            onClick={() => isMenuShown.value = false}
          >
            {offered.map(({ name, label, key }) => (
              <a
                key={name}
                href={viewAddress(name)}
                aria-current={name === view?.name ? "page" : undefined}
                title={`${label} (g ${key})`}
              >
                {label}
              </a>
            ))}
          </nav>
        </div>
        <SearchBox />
        <Live />
        <Settings />
      </header>
      {go.value && <GoTo onDone={() => go.value = false} />}
      <PauseNotice />
      {planError.value !== undefined && <p class="banner" role="alert">{planError.value}</p>}
      <main id="main" tabIndex={-1}>{View === undefined ? null : <View />}</main>
      {(view?.hasPast === true || moment.value !== undefined) && <TimeBar />}
      {selectedTask.value !== "" && <TaskPanel key={selectedTask.value} id={selectedTask.value} />}
      {isHelpShown.value && <Help onClose={() => isHelpShown.value = false} />}
      <TaskForms />
      <Announcer />
    </div>
  );
}

/** Waits for the letter of a view. */
function GoTo({ onDone }: { readonly onDone: () => void }) {
  useShortcuts(
    [
      ...VIEWS.map(({ name, label, key }) => ({
        key,
        what: label,
        run: () => {
          location.hash = viewAddress(name);
          onDone();
        },
      })),
      { key: "Escape", what: "Stay", run: onDone },
    ],
    [],
  );
  return <p class="go-to" role="status">{VIEWS.map(({ key, label }) => `${key} ${label}`).join(" · ")}</p>;
}

/** Whether what is shown is what is so now. */
function Live() {
  if (moment.value !== undefined) return <span class="live past">Past</span>;
  switch (connection.value) {
    case "live":
      return <span class="live on" title="Changes show as they happen">Live</span>;
    case "lost":
      return (
        <span class="live off" role="status">
          Not live for <Age since={lostAt.value} />
        </span>
      );
    default:
      return <span class="live">Connecting…</span>;
  }
}

function Settings() {
  const user = who.value;
  return (
    <DropDown class="settings" label="⚙" name="Settings">
      <div class="popover">
        <label>
          Colours{" "}
          <select
            value={theme.value}
            onChange={({ currentTarget }) => theme.value = currentTarget.value as typeof theme.value}
          >
            <option value="system">As the system</option>
            <option value="light">Light</option>
            <option value="dark">Dark</option>
          </select>
        </label>
        <label>
          Times{" "}
          <select
            value={times.value}
            onChange={({ currentTarget }) => times.value = currentTarget.value as typeof times.value}
          >
            <option value="local">Local</option>
            <option value="utc">UTC</option>
            <option value="relative">Relative</option>
          </select>
        </label>
        {user !== null && user !== undefined && (
          <>
            <p class="quiet">
              {user.open ? "Without access control" : `${user.name}, ${user.role}`} · version {user.version}
            </p>
            {!user.open && <button type="button" onClick={() => void signOut()}>Sign out</button>}
          </>
        )}
      </div>
    </DropDown>
  );
}

function Help({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog title="Shortcuts" onClose={onClose}>
      <dl class="shortcuts">
        {currentShortcuts().map(({ key, what }) => (
          <div key={key + what}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
