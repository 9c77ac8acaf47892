/** The groups: how far each is, what limits it, who sees it; to make, change, pause and delete. */

import { useSignal } from "@preact/signals";
import { change, pathOf } from "../api/client.ts";
import type { Group, Notification } from "../api/types.ts";
import { moment, viewAddress } from "../navigation.ts";
import { hasRole } from "../session.ts";
import { ActionButton } from "../ui/action.tsx";
import { useLoaded } from "../ui/loaded.ts";
import { Empty, Failed, Loading } from "../ui/notice.tsx";
import { StatusBar } from "../ui/status.tsx";
import { GroupForm } from "./group_form.tsx";

interface GroupPage {
  readonly groups: readonly Group[];
  readonly total: number;
  readonly next_cursor?: string;
}

export function GroupsView() {
  const cursor = useSignal<string | undefined>(undefined);
  const form = useSignal<Group | "new" | undefined>(undefined);
  const { data, error, reload } = useLoaded<GroupPage>("/groups", {
    query: { cursor: cursor.value },
    isAffected: ({ type, data: { group } }: Notification) => type.startsWith("group.") || group !== undefined,
  });
  if (data.value === undefined) return error.value === undefined ? <Loading /> : <Failed error={error.value} />;
  const { groups, total, next_cursor: next } = data.value;
  const mayChange = hasRole("planner") && moment.value === undefined;
  return (
    <div class="page">
      <header class="page-header">
        <h1>Groups</h1>
        <span class="quiet">{total}</span>
        {mayChange && <button type="button" class="primary" onClick={() => form.value = "new"}>New group</button>}
      </header>
      {error.value !== undefined && <Failed error={error.value} />}
      {groups.length === 0 && (
        <Empty title="No groups yet">
          <p>
            A group holds tasks that belong together. It can limit how many of them run at a time, and who sees them.
          </p>
        </Empty>
      )}
      {groups.map((group) => (
        <GroupRow
          key={group.id}
          group={group}
          onEdit={mayChange ? () => form.value = group : undefined}
          onDone={reload}
        />
      ))}
      <p class="buttons">
        {cursor.value !== undefined && (
          <button type="button" onClick={() => cursor.value = undefined}>First page</button>
        )}
        {next !== undefined && <button type="button" onClick={() => cursor.value = next}>Next page</button>}
      </p>
      {form.value !== undefined && (
        <GroupForm
          group={form.value === "new" ? undefined : form.value}
          onClose={() => form.value = undefined}
          onDone={() => {
            form.value = undefined;
            reload();
          }}
        />
      )}
    </div>
  );
}

interface GroupRowProps {
  readonly group: Group;
  /** Undefined if the user may not change it. */
  readonly onEdit: (() => void) | undefined;
  readonly onDone: () => void;
}

function GroupRow({ group, onEdit, onDone }: GroupRowProps) {
  const { id, title, status, percent, total, counts, maxParallel, paused, visibleTo, limited } = group;
  const path = pathOf("groups", id);
  return (
    <article class="group">
      <header>
        <h2>
          <a class="id" href={viewAddress("board", { group: id })}>{id}</a>
        </h2>
        <span class={`badge group-${status}`}>{status}</span>
        {paused === true && status !== "paused" && <span class="badge">paused</span>}
        {visibleTo !== undefined && <span class="badge" title="Who sees it">{visibleTo.join(", ")}</span>}
        {title !== undefined && <span class="quiet">{title}</span>}
      </header>
      <p class="progress">
        <StatusBar counts={barOf(group)} />
        <span>{percent} % of {total}</span>
      </p>
      <p class="quiet">
        {counts.in_progress} running{maxParallel !== undefined && ` of at most ${maxParallel}`}
        {limited !== undefined && `, ${limited} held back by a limit`}
        {counts.failed > 0 && `, ${counts.failed} failed`}
      </p>
      {onEdit !== undefined && (
        <div class="buttons">
          <button type="button" onClick={onEdit}>Change</button>
          <ActionButton
            run={() => change("PATCH", path, { paused: paused !== true }).then(onDone)}
            done={paused === true ? `Resumed ${id}` : `Paused ${id}`}
          >
            {paused === true ? "Resume" : "Pause"}
          </ActionButton>
          <ActionButton
            kind="danger"
            run={() => change("DELETE", path).then(onDone)}
            done={`Deleted ${id}`}
            confirm={`The group ${id} is deleted. Its statistics go with it.`}
          >
            Delete
          </ActionButton>
        </div>
      )}
    </article>
  );
}

/** The counts of a group, with its pending tasks as waiting: their readiness is not told by group. */
function barOf({ counts: { pending, ...counts } }: Group) {
  return { ...counts, waiting: pending };
}
