/** The dashboard: starts what runs beside the views, then shows them to whoever is signed in. */

import { effect, untracked } from "@preact/signals";
import { render } from "preact";
import { ended, startEvents } from "./live/event_stream.ts";
import { startPlan } from "./live/live_plan.ts";
import { startPast } from "./live/past_plan.ts";
import { startNavigation } from "./navigation.ts";
import { startPreferences } from "./preferences.ts";
import { checkSession, startSession, who } from "./session.ts";
import { startClock } from "./ui/clock.ts";
import { startShortcuts } from "./ui/keys.ts";
import { Loading } from "./ui/notice.tsx";
import { Shell } from "./ui/shell.tsx";
import { SignIn } from "./ui/sign_in.tsx";
import { dropDrafts } from "./views/task/note_drafts.ts";

function App() {
  if (who.value === undefined) return <Loading />;
  // Text that one user has typed must not be shown to the next one, who may sign in from another tab.
  return who.value === null ? <SignIn /> : <Shell key={who.value.name} />;
}

startPreferences();
startNavigation();
startClock();
startShortcuts();
// The plan and its events are followed while somebody is signed in.
effect(() => {
  if (who.value === undefined || who.value === null) return;
  const running = untracked(() => [startEvents(), startPlan(), startPast()]);
  return () => {
    running.forEach(({ stop }) => stop());
    dropDrafts();
  };
});
ended.listener = () => void checkSession();
void startSession();
const root = document.getElementById("app");
if (root !== null) render(<App />, root);
