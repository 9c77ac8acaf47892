/** The plan as a graph. Live data repaints it; only other tasks or dependencies lay it out again, and nothing moves the camera. */

import { useComputed, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { pathOf } from "../../api/client.ts";
import type { Explanation, Group } from "../../api/types.ts";
import { plan, planStructure } from "../../live/live_plan.ts";
import { unionPlan } from "../../live/past_plan.ts";
import { addressWith, place, selectedTask, selectTask, setParams, viewAddress } from "../../navigation.ts";
import type { Camera } from "../../plan/painter/camera.ts";
import { foldingOf, listOf } from "../../plan/plan_graph.ts";
import { readFilter } from "../../plan/row_filter.ts";
import { isDark, theme } from "../../preferences.ts";
import { announce } from "../../ui/announcer.tsx";
import { useShortcuts } from "../../ui/keys.ts";
import { useLoaded } from "../../ui/loaded.ts";
import { Failed } from "../../ui/notice.tsx";
import { WithTasks } from "../tasks/with_tasks.tsx";
import type { PathStep } from "../insight/answers.ts";
import { cameraOf, textOf } from "./camera_text.ts";
import { PlanLegend } from "./plan_legend.tsx";
import { PlanCanvas, type Reach } from "./plan_canvas.ts";
import type { Direction } from "./neighbours.ts";
import { limitTextOf } from "./plan_details.ts";

/** Least time between two looks at the critical path, in milliseconds. */
const CRITICAL_PAUSE_MS = 5_000;

/** Most tasks of the critical path that are marked. */
const MAX_CRITICAL = 200;

/** The camera is kept in the address once it rests for so long, in milliseconds. */
const REST_MS = 300;

/** Most tasks that are listed for readers of the screen. */
const MAX_LISTED = 40;

const ZOOM_STEP = 1.3;

/** Where the user left the camera: back from another view, the plan is as it was. */
let leftCamera: Camera | undefined;

export function PlanView() {
  return <WithTasks>{() => <Graph />}</WithTasks>;
}

function Graph() {
  const element = useRef<HTMLCanvasElement>(null);
  const graph = useRef<PlanCanvas | undefined>(undefined);
  const failure = useSignal<string | undefined>(undefined);
  const reach = useSignal<Reach | undefined>(undefined);
  const listed = useSignal<readonly string[]>([]);
  // As texts: another camera in the address is no other folding.
  const collapsed = useComputed(() => place.value.params["folded"]);
  const unfolded = useComputed(() => place.value.params["unfolded"]);
  const emphasised = useComputed(() => place.value.params["status"]);
  const hasGroups = useComputed(() => {
    planStructure.value;
    return (plan.value?.groups.length ?? 0) > 0;
  });
  const isShown = useSignal(false);
  // The graph first: an analysis at the same time would make it wait.
  const analysis = isShown.value ? "/analysis" : undefined;
  const critical = useLoaded<{ readonly critical_path: readonly PathStep[] }>(analysis, {
    query: { detail: "critical_path", limit: MAX_CRITICAL },
    isAffected: ({ type }) => type.startsWith("task."),
    pauseMs: CRITICAL_PAUSE_MS,
  });
  const selected = selectedTask.value;
  const explanation = useLoaded<Explanation>(selected === "" ? undefined : `${pathOf("tasks", selected)}/explain`, {
    isAffected: ({ type }) => type.startsWith("task."),
    pauseMs: CRITICAL_PAUSE_MS,
  });
  const groups = useLoaded<{ readonly groups: readonly Group[] }>(isShown.value ? "/groups" : undefined, {
    isAffected: ({ type }) => type.startsWith("group.") || type.startsWith("task."),
    pauseMs: CRITICAL_PAUSE_MS,
  });
  const toggle = (name: "folded" | "unfolded", each: string) => {
    const all = new Set(listOf(place.peek().params[name]));
    if (!all.delete(each)) all.add(each);
    setParams({ [name]: all.size === 0 ? undefined : JSON.stringify(Array.from(all)) });
  };
  const rest = useMemo(() => new Rest(), []);
  useLayoutEffect(() => {
    const canvas = element.current;
    if (canvas === null) return;
    const settled = () => {
      listed.value = graph.current?.tasksInView(MAX_LISTED) ?? [];
    };
    const created = new PlanCanvas({
      canvas,
      camera: cameraOf(place.peek().params["camera"]) ?? leftCamera,
      isDark,
      onClick: (target) => {
        if (target?.type === "group") toggle("folded", target.id);
        else if (target?.type === "stack") toggle("unfolded", target.id);
        else selectTask(target?.id ?? "");
      },
      onCamera: (camera: Camera) => {
        leftCamera = camera;
        rest.after(() => {
          setParams({ camera: textOf(camera) }, { replace: true });
          settled();
        });
      },
      onShown: (found) => {
        failure.value = undefined;
        reach.value = found;
        if (isShown.value) return settled();
        const group = place.peek().params["group"];
        if (group !== undefined && place.peek().params["camera"] === undefined) graph.current?.fitGroup(group);
        afterFrame(() => {
          isShown.value = true;
          settled();
        });
      },
      onFailure: (message) => failure.value = message,
    });
    graph.current = created;
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const recolour = () => created.setPalette();
    dark.addEventListener("change", recolour);
    return () => {
      dark.removeEventListener("change", recolour);
      rest.end();
      created.close();
      graph.current = undefined;
    };
  }, []);
  useSignalEffect(() => {
    planStructure.value;
    unionPlan.value;
    graph.current?.layOut(foldingOf({ folded: collapsed.value ?? "", unfolded: unfolded.value ?? "" }));
  });
  useSignalEffect(() => {
    graph.current?.emphasise(readFilter({ status: emphasised.value ?? "" }).statuses);
  });
  useSignalEffect(() => {
    theme.value;
    graph.current?.setPalette();
  });
  useSignalEffect(() => {
    graph.current?.mark({ critical: new Set(critical.data.value?.critical_path.map(({ id }) => id)) });
  });
  useSignalEffect(() => {
    const roots = explanation.data.value?.id === selectedTask.value ? explanation.data.value.roots ?? [] : [];
    graph.current?.mark({ blockers: new Set(roots.map(({ id }) => id)) });
  });
  useSignalEffect(() => {
    const limited = (groups.data.value?.groups ?? []).flatMap((group) => {
      const limit = limitTextOf(group);
      return limit === undefined ? [] : [[group.id, limit] as const];
    });
    graph.current?.mark({ limits: new Map(limited) });
  });
  useSignalEffect(() => {
    const id = selectedTask.value;
    const found = graph.current?.select(id);
    reach.value = found;
    if (found !== undefined) announce(`${id}: tasks before it ${found.upstream}, after it ${found.downstream}`);
  });
  const follow = (direction: Direction) => {
    const next = graph.current?.taskInDirection(direction);
    if (next !== undefined) selectTask(next);
  };
  useShortcuts([
    { key: "ArrowLeft", what: "To what the task depends on", run: () => follow("left") },
    { key: "ArrowRight", what: "To what depends on the task", run: () => follow("right") },
    { key: "ArrowUp", what: "To the task above", run: () => follow("up") },
    { key: "ArrowDown", what: "To the task below", run: () => follow("down") },
    { key: "f", what: "Fit the whole plan into view", run: () => graph.current?.fit() },
    { key: "a", what: "To where work is done", run: () => graph.current?.goToWork() },
    { key: "Home", what: "To the beginning of the plan", run: () => graph.current?.goToStart() },
    { key: "+", what: "Zoom in", run: () => graph.current?.zoom(ZOOM_STEP) },
    { key: "-", what: "Zoom out", run: () => graph.current?.zoom(1 / ZOOM_STEP) },
  ]);
  useEffect(() => {
    // A group that an address names is looked at when the address changes.
    const group = place.value.params["group"];
    if (group !== undefined) graph.current?.fitGroup(group);
  }, [place.value.params["group"]]);
  return (
    <div class="plan">
      <canvas
        ref={element}
        tabIndex={0}
        role="img"
        onKeyDown={(event) => {
          if (event.key !== "Enter") return;
          event.preventDefault();
          const panel = document.querySelector<HTMLElement>(".panel");
          if (panel === null) follow("right");
          else panel.focus();
        }}
        aria-label="The plan as a graph. The arrow keys follow dependencies, Enter opens a task; the table shows the same as rows."
      />
      <div class="plan-tools" role="toolbar" aria-label="View of the plan">
        <button type="button" onClick={() => graph.current?.zoom(ZOOM_STEP)} aria-label="Zoom in" title="Zoom in (+)">
          +
        </button>
        <button
          type="button"
          onClick={() => graph.current?.zoom(1 / ZOOM_STEP)}
          aria-label="Zoom out"
          title="Zoom out (-)"
        >
          −
        </button>
        <button type="button" onClick={() => graph.current?.fit()} title="Fit the whole plan (f)">Fit</button>
        <button type="button" onClick={() => graph.current?.goToWork()} title="To where work is done (a)">
          Active
        </button>
        {hasGroups.value && (
          <button type="button" onClick={() => foldAll(listOf(collapsed.value))}>
            {listOf(collapsed.value).length > 0 ? "Unfold groups" : "Fold groups"}
          </button>
        )}
        <a href={viewAddress("table", tableParams())}>As a table</a>
      </div>
      <PlanLegend reach={reach.value} />
      {failure.value !== undefined && <Failed error={failure.value} />}
      <ul class="hidden-text" aria-label="Tasks in view">
        {listed.value.map((id) => (
          <li key={id}>
            <a tabIndex={-1} href={addressWith({ task: id })} data-place={placeText(graph.current, id)}>{id}</a>
          </li>
        ))}
      </ul>
    </div>
  );
}

function placeText(graph: PlanCanvas | undefined, id: string): string {
  const at = graph?.placeOf(id);
  return at === undefined ? "" : `${Math.round(at.x)} ${Math.round(at.y)}`;
}

function tableParams(): Readonly<Record<string, string>> {
  const { group, task, status } = place.value.params;
  return {
    ...(group !== undefined && { group }),
    ...(task !== undefined && { task }),
    ...(status !== undefined && { status }),
  };
}

/** Folds all groups, or unfolds those that are. */
function foldAll(collapsed: readonly string[]): void {
  const all = collapsed.length > 0 ? [] : plan.peek()?.groups ?? [];
  setParams({ folded: all.length === 0 ? undefined : JSON.stringify(all) });
}

/** Runs once the next frame is drawn, which must not wait for it. */
function afterFrame(run: () => void): void {
  requestAnimationFrame(() => setTimeout(run));
}

/** Runs the last of several calls once nothing came for a while. */
class Rest {
  #timer: ReturnType<typeof setTimeout> | undefined;

  after(run: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(run, REST_MS);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}
