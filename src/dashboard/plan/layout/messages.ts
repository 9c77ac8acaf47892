/** What the page and the layout worker tell each other. Only the newest question matters: older answers are dropped. */
import type { Layout, PlanGraph } from "./graph.ts";

export interface LayoutQuestion {
  readonly id: number;
  readonly graph: PlanGraph;
  /** Lay out anew instead of staying near the last layout. */
  readonly fresh: boolean;
}

export type LayoutAnswer =
  | { readonly type: "layout"; readonly id: number; readonly layout: Layout }
  | { readonly type: "failure"; readonly id: number; readonly message: string };
