/** How long things take, what holds the plan up, and when it will be done. */

import type { ComponentChildren } from "preact";
import { place, setParams } from "../../navigation.ts";
import { type Loaded, useLoaded } from "../../ui/loaded.ts";
import { Failed, Loading } from "../../ui/notice.tsx";
import { TaskLink } from "../../ui/status.tsx";
import { Duration } from "../../ui/time.tsx";
import type { Analysis, Bottleneck, InstanceMetrics, Metrics, PathStep, Period, Quantiles } from "./answers.ts";
import { ForecastSection } from "./forecast.tsx";
import { Throughput } from "./throughput.tsx";

/** Least time between two analyses while the plan changes, in milliseconds. */
const PAUSE_MS = 5_000;

/** Most entries of each list. */
const MAX_LISTED = 30;

const LIVE = { isAffected: ({ type }: { readonly type: string }) => type.startsWith("task."), pauseMs: PAUSE_MS };

export function InsightView() {
  const period = place.value.params["period"] === "days" ? "days" : "hours";
  const metrics = useLoaded<Metrics>("/metrics", LIVE);
  const periods = useLoaded<Partial<Record<"hours" | "days", readonly Period[]>>>("/metrics", {
    ...LIVE,
    query: { detail: period },
  });
  const instances = useLoaded<{ readonly instances: readonly InstanceMetrics[] }>("/metrics", {
    ...LIVE,
    query: { detail: "instances" },
  });
  const analysis = useLoaded<Analysis>("/analysis", { ...LIVE, query: { limit: MAX_LISTED } });
  const path = useLoaded<{ readonly critical_path: readonly PathStep[] }>("/analysis", {
    ...LIVE,
    query: { detail: "critical_path", limit: MAX_LISTED },
  });
  const error = metrics.error.value ?? analysis.error.value;
  if (metrics.data.value === undefined) return error === undefined ? <Loading /> : <Failed error={error} />;
  return (
    <div class="page insight">
      <header class="page-header">
        <h1>Insight</h1>
        {error !== undefined && <span class="refused" role="alert">{error}</span>}
      </header>
      <Numbers metrics={metrics.data.value} analysis={analysis.data.value} />
      <section>
        <h2>What holds the plan up</h2>
        <Part of={analysis}>{({ bottlenecks }) => <Bottlenecks bottlenecks={bottlenecks} />}</Part>
      </section>
      <section>
        <h2>Throughput</h2>
        <div class="buttons" role="group" aria-label="Period">
          {(["hours", "days"] as const).map((each) => (
            <button
              key={each}
              type="button"
              aria-pressed={each === period}
              onClick={() => setParams({ period: each })}
            >
              {each === "hours" ? "48 hours" : "90 days"}
            </button>
          ))}
        </div>
        <Part of={periods}>{({ [period]: shown }) => shown !== undefined && <Throughput periods={shown} />}</Part>
      </section>
      <section>
        <h2>Critical path</h2>
        <p class="quiet">
          The chain of remaining tasks that takes longest: with any number of instances, nothing ends sooner.
        </p>
        <Part of={path}>{({ critical_path }) => <CriticalPath steps={critical_path} />}</Part>
      </section>
      <ForecastSection />
      <section>
        <h2>Instances</h2>
        <Part of={instances}>{({ instances }) => <InstanceTable instances={instances} />}</Part>
      </section>
    </div>
  );
}

/** A part of the page that is read on its own: until it is there, it says nothing of the plan. */
function Part<T>(
  { of: { data, error }, children }: { readonly of: Loaded<T>; readonly children: (answer: T) => ComponentChildren },
) {
  if (data.value !== undefined) return <>{children(data.value)}</>;
  return error.value === undefined
    ? <p class="quiet loading" role="status">Loading…</p>
    : <p class="refused" role="alert">{error.value}</p>;
}

function Numbers({ metrics, analysis }: { readonly metrics: Metrics; readonly analysis: Analysis | undefined }) {
  const { attempts } = metrics;
  return (
    <dl class="numbers">
      <Number name="Open">{metrics.open}, {metrics.in_progress} running</Number>
      <Number name="Completed">{metrics.completed}, {metrics.completed_24h} in 24 h</Number>
      <Number name="Failed">{metrics.failed}</Number>
      <Number name="From creation to end">
        <Range quantiles={metrics.lead_ms} />
      </Number>
      <Number name="In the queue">
        <Range quantiles={metrics.queue_ms} />
      </Number>
      <Number name="Running">
        <Range quantiles={metrics.run_ms} />
      </Number>
      <Number name="Attempts that timed out">{attempts.timed_out}</Number>
      {analysis !== undefined && (
        <>
          <Number name="Remaining work">
            <Duration ms={analysis.work_ms} />
          </Number>
          <Number name="At least until the end">
            <Duration ms={analysis.critical_path_ms} />
          </Number>
          <Number name="Busy at a time, at best">{analysis.parallelism}</Number>
        </>
      )}
    </dl>
  );
}

function Number({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** The median, and what nine of ten stay below. */
function Range({ quantiles: { p50, p90 } }: { readonly quantiles: Quantiles }) {
  if (p50 === undefined || p90 === undefined) return <>not known yet</>;
  return (
    <>
      <Duration ms={p50} />{" "}
      <span class="quiet">
        90 % below <Duration ms={p90} />
      </span>
    </>
  );
}

function Bottlenecks({ bottlenecks }: { readonly bottlenecks: readonly Bottleneck[] }) {
  if (bottlenecks.length === 0) return <p>Nothing stands out.</p>;
  return (
    <ol class="bottlenecks">
      {bottlenecks.map(({ kind, subject, what, remedy, held_up_ms }, index) => (
        <li key={index}>
          <p>
            {kind === "task" || kind === "flaky" ? <TaskLink id={subject} /> : <span class="id">{subject}</span>}{" "}
            <span class="badge">{kind}</span> {held_up_ms > 0 && (
              <span class="quiet">
                holds up <Duration ms={held_up_ms} />
              </span>
            )}
          </p>
          <p>{what}</p>
          <p class="quiet">{remedy}</p>
        </li>
      ))}
    </ol>
  );
}

function CriticalPath({ steps }: { readonly steps: readonly PathStep[] }) {
  if (steps.length === 0) return <p>Nothing remains.</p>;
  const longest = Math.max(...steps.map(({ duration_ms }) => duration_ms));
  return (
    <ol class="path">
      {steps.map(({ id, duration_ms, estimate }) => (
        <li key={id}>
          <TaskLink id={id} />
          <meter min={0} max={Math.max(1, longest)} value={duration_ms} aria-label={`${duration_ms} ms`} />
          <span class="quiet">
            <Duration ms={duration_ms} />, {estimate}
          </span>
        </li>
      ))}
    </ol>
  );
}

function InstanceTable({ instances }: { readonly instances: readonly InstanceMetrics[] }) {
  if (instances.length === 0) return <p>Nobody has worked yet.</p>;
  return (
    <div class="scrolled">
      <table>
        <thead>
          <tr>
            {["Instance", "Completed", "Failed", "Timed out", "Holds", "Takes", "Busy"].map((name) => (
              <th key={name} scope="col">{name}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {instances.map(({ instance, completed, failed, timed_out, holding, run_ms, busy_share }) => (
            <tr key={instance}>
              <td class="id">{instance}</td>
              <td>{completed}</td>
              <td>{failed}</td>
              <td>{timed_out}</td>
              <td>{holding}</td>
              <td>
                <Range quantiles={run_ms} />
              </td>
              <td>{Math.round(100 * busy_share)} %</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
