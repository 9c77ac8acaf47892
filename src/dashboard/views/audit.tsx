/** Who did what, and what was refused: for admins. */

import { place, setParams } from "../navigation.ts";
import { Empty, Failed, Loading } from "../ui/notice.tsx";
import { EventList } from "./event_list.tsx";
import { useEventLog } from "./event_log.ts";

export function AuditView() {
  const { caller = "", token = "", denied = "" } = place.value.params;
  const { events, error, hasMore, isLoaded, readEarlier } = useEventLog({
    path: "/audit",
    query: { caller: caller || undefined, token: token || undefined, denied: denied === "true" || undefined },
  });
  return (
    <div class="page">
      <header class="page-header">
        <h1>Audit</h1>
        <label>
          Caller{" "}
          <input
            value={caller}
            size={14}
            onChange={({ currentTarget }) => setParams({ caller: currentTarget.value })}
          />
        </label>
        <label>
          Token{" "}
          <input value={token} size={14} onChange={({ currentTarget }) => setParams({ token: currentTarget.value })} />
        </label>
        <label>
          <input
            type="checkbox"
            checked={denied === "true"}
            onChange={({ currentTarget }) => setParams({ denied: currentTarget.checked ? "true" : undefined })}
          />{" "}
          only what was refused
        </label>
      </header>
      {error.value !== undefined && <Failed error={error.value} />}
      {!isLoaded.value && error.value === undefined && <Loading />}
      {isLoaded.value && events.value.length === 0 && <Empty title="Nothing of the kind was done" />}
      <EventList events={events.value} />
      {hasMore.value && <button type="button" onClick={() => void readEarlier()}>Earlier</button>}
    </div>
  );
}
