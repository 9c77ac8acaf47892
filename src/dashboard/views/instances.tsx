/** Who works: which instances live, what each holds since when, and whose leases run out soon. */

import { useSignal } from "@preact/signals";
import { change, pathOf } from "../api/client.ts";
import type { Instance, Notification } from "../api/types.ts";
import { plan, planRevision } from "../live/live_plan.ts";
import { moment, viewAddress } from "../navigation.ts";
import type { PlanTable } from "../plan/plan_table.ts";
import { hasRole } from "../session.ts";
import { ActionButton } from "../ui/action.tsx";
import { now } from "../ui/clock.ts";
import { useLoaded } from "../ui/loaded.ts";
import { Empty, Failed, Loading } from "../ui/notice.tsx";
import { TaskLink } from "../ui/status.tsx";
import { Age, Time } from "../ui/time.tsx";
import { formatRelative } from "../time_format.ts";

/** A lease that ends within this time is shown as urgent, in milliseconds. */
const SOON_MS = 120_000;

interface InstanceList {
  readonly instances: readonly Instance[];
  readonly total: number;
}

export function InstancesView() {
  const all = useSignal(false);
  const { data, error, reload } = useLoaded<InstanceList>("/instances", {
    query: { all: all.value || undefined },
    isAffected: mayChangeInstances,
  });
  if (data.value === undefined) return error.value === undefined ? <Loading /> : <Failed error={error.value} />;
  const { instances, total } = data.value;
  return (
    <div class="page instances">
      <header class="page-header">
        <h1>Instances</h1>
        <label>
          <input type="checkbox" checked={all.value} onChange={() => all.value = !all.value} /> with those that left
        </label>
      </header>
      {error.value !== undefined && <Failed error={error.value} />}
      {instances.length === 0
        ? (
          <Empty title={all.value ? "No instance has called yet" : "No instance is here"}>
            <p>An instance appears here with its first claim, or when it calls register_instance.</p>
          </Empty>
        )
        : instances.map((instance) => <Row key={instance.id} instance={instance} onDone={reload} />)}
      {total > instances.length && <p class="quiet">{instances.length} of {total} are shown.</p>}
    </div>
  );
}

function mayChangeInstances({ type }: Notification): boolean {
  return type.startsWith("instance.") || type.startsWith("session.") ||
    ["task.claimed", "task.completed", "task.failed", "task.returned", "task.cancelled"].includes(type);
}

function Row({ instance, onDone }: { readonly instance: Instance; readonly onDone: () => void }) {
  const { id, status, holding, holdingCount, maxConcurrent, waiting, seenAt, expiresAt, goesBackAt } = instance;
  const { roles = [], capabilities = [] } = instance;
  return (
    <article class="instance">
      <header>
        <h2 class="id">{id}</h2>
        <span class={`badge state-${status}`}>{waiting === true ? "waiting for a task" : STATES[status]}</span>
        {instance.connected === true && <span class="badge">connected</span>}
        {seenAt !== undefined && (
          <span class="quiet">
            last call <Time at={seenAt} />
          </span>
        )}
        {expiresAt !== undefined && (
          <span class="quiet">
            lost <Time at={expiresAt} /> unless it calls
          </span>
        )}
        {goesBackAt !== undefined && (
          <span class="refused">
            its client is gone: tasks go back <Time at={goesBackAt} />
          </span>
        )}
        <a class="quiet" href={viewAddress("events", { instance: id })}>events</a>
        {hasRole("planner") && moment.value === undefined && status === "active" && (
          <ActionButton
            run={() => change("POST", `${pathOf("instances", id)}/leave`, { drain: true }).then(onDone)}
            done={`${id} drains`}
            confirm={`${id} keeps its tasks until they end, and gets no more.`}
          >
            Drain
          </ActionButton>
        )}
      </header>
      {roles.length > 0 && <p class="quiet">Roles: {roles.join(", ")}</p>}
      {capabilities.length > 0 && <p class="quiet">Capabilities: {capabilities.join(", ")}</p>}
      <p class="quiet">
        {holdingCount === 0
          ? "Holds no task"
          : `Holds ${holdingCount}${maxConcurrent ? ` of at most ${maxConcurrent}` : ""}`}
      </p>
      <ul class="held">{holding.map((task) => <Held key={task} id={task} />)}</ul>
      {holdingCount > holding.length && <p class="quiet">and {holdingCount - holding.length} more</p>}
    </article>
  );
}

const STATES: Readonly<Record<Instance["status"], string>> = {
  active: "active",
  draining: "draining",
  lost: "lost",
  left: "left",
  unregistered: "not registered",
};

/** A task that an instance holds, since when, and until when if it stays silent. */
function Held({ id }: { readonly id: string }) {
  planRevision.value;
  const table = plan.value;
  const row = table?.rowOf(id);
  if (table === undefined || row === undefined) {
    return (
      <li>
        <TaskLink id={id} />
      </li>
    );
  }
  const started = table.started[row] ?? 0;
  return (
    <li>
      <TaskLink id={id} />
      {started > 0 && (
        <span class="quiet">
          for <Age since={started} />
        </span>
      )}
      <Percent percent={table.percent[row] ?? -1} />
      <Lease table={table} row={row} />
    </li>
  );
}

function Percent({ percent }: { readonly percent: number }) {
  if (percent < 0) return null;
  return <progress max={100} value={percent} aria-label={`${percent} % done`} title={`${percent} %`} />;
}

function Lease({ table, row }: { readonly table: PlanTable; readonly row: number }) {
  const lease = table.lease[row] ?? 0;
  if (lease === 0) return null;
  const isSoon = lease - now.value < SOON_MS;
  return <span class={isSoon ? "refused" : "quiet"}>lease ends {formatRelative(lease, now.value)}</span>;
}
