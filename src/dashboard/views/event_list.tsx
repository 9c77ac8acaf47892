/** A list of events, the newest first: the same in the views of events and of the audit. */

import { useSignal } from "@preact/signals";
import type { Notification } from "../api/types.ts";
import { viewAddress } from "../navigation.ts";
import { TaskLink } from "../ui/status.tsx";
import { Time } from "../ui/time.tsx";

export function EventList({ events }: { readonly events: readonly Notification[] }) {
  return (
    <ol class="events" aria-label="Events, the newest first">
      {events.map((event) => <EventRow key={event.id} event={event} />)}
    </ol>
  );
}

function EventRow({ event }: { readonly event: Notification }) {
  const isOpen = useSignal(false);
  const { id, time, type, subject, data } = event;
  const who = data["instance"] ?? data.actor;
  return (
    <li>
      <span class="when">
        <Time at={time} />
      </span>
      <span class={`type kind-${type.split(".")[1] ?? ""}`}>{type}</span>
      <span class="subject">
        {subject === undefined
          ? null
          : type.startsWith("task.")
          ? <TaskLink id={subject} />
          : <span class="id">{subject}</span>}
      </span>
      <span class="quiet">{typeof who === "string" ? who : ""}</span>
      <button type="button" class="more" aria-expanded={isOpen.value} onClick={() => isOpen.value = !isOpen.value}>
        {isOpen.value ? "Less" : "More"}
      </button>
      {isOpen.value && (
        <div class="event-data">
          <p class="quiet">
            {id}
            {" · "}
            <a href={viewAddress("plan", { at: id.split(".")[0] ?? id })}>the plan at that moment</a>
          </p>
          <pre class="raw">{JSON.stringify(data, null, 2)}</pre>
        </div>
      )}
    </li>
  );
}
