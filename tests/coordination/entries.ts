/** What records tell, as entries of a timeline: who did what, and what could start because of it. Pure. */

import { type Event, type JournalRecord, taskIdsOf } from "../../src/core/messages/events.ts";
import { enter, hasWhatItNeeds, type Ledger } from "./ledger.ts";
import type { Deed, Entry } from "./timeline.ts";

/** Most characters of the names of tasks that are unlocked by one event; more are counted. */
const MAX_NAMES_CHARACTERS = 24;

/** Whose deed it is when a rule ends something and nobody asked for it. */
const RULES = "server";

/** What the records tell, in their order. Mere extensions of leases are left out. */
export function entriesOf(records: readonly JournalRecord[]): readonly Entry[] {
  const ledger: Ledger = new Map();
  return records.flatMap(({ at, actor, events }) =>
    events.flatMap((event): readonly Entry[] => {
      const before = startable(ledger);
      enter(ledger, event);
      const unlocked = Array.from(startable(ledger)).filter((id) => !before.has(id));
      const described = describe(event, unlocked);
      return described === undefined ? [] : [{ at, who: whoseDeed(event, actor), ...described }];
    })
  );
}

function whoseDeed(event: Event, actor: string): string {
  switch (event.type) {
    case "attempt.ended":
    case "instance.lost":
    case "tasks.skipped":
    case "session.lost":
    case "session.closed":
      return RULES;
    default:
      return "instance" in event ? event.instance : actor;
  }
}

/** What an event is called; `unlocked` could not start before it. */
function describe(event: Event, unlocked: readonly string[]): { did: Deed; what: string } | undefined {
  switch (event.type) {
    case "tasks.created":
      return { did: "created", what: event.tasks.length === 1 ? nameNew(event.tasks) : `${event.tasks.length} tasks` };
    case "group.created":
      return { did: "created", what: `group ${event.group.id}${nameTemplate(event.group.template)}` };
    case "task.claimed":
      return { did: "claimed", what: event.attempt === 1 ? event.id : `${event.id}, attempt ${event.attempt}` };
    case "task.progressed":
      return { did: "reports", what: `${event.id}: ${nameProgress(event)}` };
    case "task.completed":
      return { did: "completed", what: event.id + nameUnlocked(unlocked) };
    case "task.failed":
      return { did: "failed", what: `${event.id}: ${event.error}${nameUnlocked(unlocked)}` };
    case "tasks.skipped":
      return { did: "skipped", what: event.tasks.map(({ id }) => id).join(", ") + nameUnlocked(unlocked) };
    case "attempt.ended":
      return { did: "takes back", what: `${event.id} from ${event.instance}: ${event.outcome}` };
    case "instance.lost":
      return { did: "gives up", what: `${event.instance}: no sign of life` };
    case "session.lost":
    case "session.closed":
      return { did: "keeps", what: `${event.tasks.join(", ")} for its holder, whose client is gone` };
    case "session.resumed":
      return { did: "keeps", what: `${event.tasks.join(", ")}, from another client` };
    case "instance.registered":
      return { did: "registers", what: nameTtl(event.settings.ttlMs) };
    case "instance.renewed":
    case "tasks.ready":
      return undefined;
    default:
      return { did: "changed", what: `${taskIdsOf(event).join(", ")} (${event.type})` };
  }
}

/** Tasks that nobody works on though they have all they need. */
function startable(ledger: Ledger): ReadonlySet<string> {
  const accounts = Array.from(ledger.values());
  return new Set(
    accounts.filter(({ status, task }) => status === "pending" && hasWhatItNeeds(ledger, task))
      .map(({ task }) => task.id),
  );
}

function nameUnlocked(unlocked: readonly string[]): string {
  if (unlocked.length === 0) return "";
  const names = unlocked.join(", ");
  const isLong = unlocked.length > 1 && names.length > MAX_NAMES_CHARACTERS;
  return ` → ${isLong ? `${unlocked.length} tasks` : names} can start`;
}

function nameNew(tasks: readonly { readonly id: string; readonly priority?: string }[]): string {
  return tasks.map(({ id, priority }) => id + (priority === undefined ? "" : `, ${priority}`)).join();
}

function nameTemplate(template: { readonly name: string } | undefined): string {
  return template === undefined ? "" : `, from the template ${template.name}`;
}

function nameProgress({ percent, message }: { readonly percent?: number; readonly message?: string }): string {
  const texts = [
    percent === undefined ? undefined : `${percent} %`,
    message === undefined ? undefined : `"${message}"`,
  ];
  return texts.filter((text) => text !== undefined).join(", ");
}

function nameTtl(ttlMs: number | undefined): string {
  return ttlMs === undefined ? "without a time to live" : `with a time to live of ${ttlMs} ms`;
}
