/** What happens, as it happens: filter, stop to read, go back. */

import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { Notification } from "../api/types.ts";
import { EVENT_TYPES } from "../live/event_types.ts";
import { place, setParams } from "../navigation.ts";
import { Empty, Failed, Loading } from "../ui/notice.tsx";
import { EventList } from "./event_list.tsx";
import { useEventLog } from "./event_log.ts";

export function EventsView() {
  const { type = "", instance = "", group = "", about = "" } = place.value.params;
  const query = {
    type: type || undefined,
    instance_id: instance || undefined,
    group: group || undefined,
    task_id: about || undefined,
  };
  const { events, error, hasMore, isLoaded, readEarlier } = useEventLog({
    path: "/history",
    query,
    isWanted: (event) => isSelected(event, { type, instance, group, about }),
  });
  const stopped = useSignal(false);
  const seen = useRef<readonly Notification[]>([]);
  if (!stopped.value) seen.current = events.value;
  const waiting = events.value.length - seen.current.length;
  return (
    <div class="page">
      <header class="page-header">
        <h1>Events</h1>
        <label>
          Type{" "}
          <select value={type} onChange={({ currentTarget }) => setParams({ type: currentTarget.value })}>
            <option value="">all</option>
            {EVENT_TYPES.map((each) => <option key={each} value={each}>{each}</option>)}
          </select>
        </label>
        <Filter label="Task" name="about" value={about} />
        <Filter label="Instance" name="instance" value={instance} />
        <Filter label="Group" name="group" value={group} />
        <button type="button" aria-pressed={stopped.value} onClick={() => stopped.value = !stopped.value}>
          {stopped.value ? `Continue (${Math.max(0, waiting)} new)` : "Stop to read"}
        </button>
      </header>
      {error.value !== undefined && <Failed error={error.value} />}
      {!isLoaded.value && error.value === undefined && <Loading />}
      {isLoaded.value && seen.current.length === 0 && <Empty title="Nothing of the kind has happened" />}
      <EventList events={seen.current} />
      {hasMore.value && <button type="button" onClick={() => void readEarlier()}>Earlier events</button>}
    </div>
  );
}

interface FilterProps {
  readonly label: string;
  readonly name: string;
  readonly value: string;
}

/** A text in the address, which filters when it is left or with Enter. */
function Filter({ label, name, value }: FilterProps) {
  return (
    <label>
      {label}{" "}
      <input
        value={value}
        size={12}
        onChange={({ currentTarget }) => setParams({ [name]: currentTarget.value.trim() })}
      />
    </label>
  );
}

interface Wanted {
  readonly type: string;
  readonly instance: string;
  readonly group: string;
  readonly about: string;
}

function isSelected({ type, subject, data }: Notification, wanted: Wanted): boolean {
  return (wanted.type === "" || wanted.type === type) &&
    (wanted.about === "" || (type.startsWith("task.") && subject === wanted.about)) &&
    (wanted.instance === "" || data["instance"] === wanted.instance) &&
    (wanted.group === "" || data.group === wanted.group || data["previousGroup"] === wanted.group);
}
