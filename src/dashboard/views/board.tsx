/** The tasks as cards in one column for each status. */

import { plan, planRevision } from "../live/live_plan.ts";
import { selectTask } from "../navigation.ts";
import { STATUSES } from "../plan/statuses.ts";
import { Empty, Loading } from "../ui/notice.tsx";
import { StatusMark } from "../ui/status.tsx";
import { VirtualRows } from "../ui/virtual_rows.tsx";

const CARD_HEIGHT = 84;

export function BoardView() {
  planRevision.value;
  const table = plan.value;
  if (table === undefined) return <Loading />;
  if (table.size === 0) return <Empty title="No tasks yet" />;
  const columns = STATUSES.map((status, code) => ({
    status,
    rows: table.ids.flatMap((_, row) => table.status[row] === code ? [row] : []),
  })).filter(({ rows }) => rows.length > 0);
  return (
    <div class="board">
      {columns.map(({ status, rows }) => (
        <section key={status} class="column" aria-label={status}>
          <h2>
            <StatusMark status={status} /> <span class="count">{rows.length}</span>
          </h2>
          <VirtualRows
            count={rows.length}
            rowHeight={CARD_HEIGHT}
            label={status}
            row={(index) => {
              const row = rows[index] ?? 0;
              const id = table.ids[row] ?? "";
              return (
                <button type="button" class="card" onClick={() => selectTask(id)}>
                  <span class="id">{id}</span>
                  <span class="title">{table.title[row]}</span>
                  <span class="quiet">{table.holderOf(row)}</span>
                </button>
              );
            }}
          />
        </section>
      ))}
    </div>
  );
}
