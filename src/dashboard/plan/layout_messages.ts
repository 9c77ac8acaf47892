/** What the page and the layout worker tell each other. Only the newest question matters: older answers are dropped. */
import type { Folding } from "./plan_graph.ts";
import type { Layout, PlanGraph } from "./layout/graph.ts";

/** To be laid out before the page asks: the text of an answer of `GET /plan`, and what is folded in it. */
export interface Preparation {
  readonly type: "prepare";
  readonly rows: string;
  readonly folding: Folding;
}

export interface LayoutQuestion {
  readonly type: "layOut";
  readonly id: number;
  readonly graph: PlanGraph;
  /** Lay out anew instead of staying near the last layout. */
  readonly fresh: boolean;
}

export type LayoutAnswer =
  | { readonly type: "layout"; readonly id: number; readonly layout: Layout }
  | { readonly type: "failure"; readonly id: number; readonly message: string };
