/** The views of the dashboard: their names in addresses, and who is offered them. */

import type { ComponentType } from "preact";
import type { Who } from "../api/types.ts";
import { AuditView } from "./audit.tsx";
import { BoardView } from "./board/board.tsx";
import { EventsView } from "./events.tsx";
import { GroupsView } from "./groups.tsx";
import { InsightView } from "./insight/insight.tsx";
import { InstancesView } from "./instances.tsx";
import { PlanView } from "./plan/plan_view.tsx";
import { TableView } from "./table/table.tsx";
import { TemplatesView } from "./templates.tsx";
import { TimelineView } from "./timeline/timeline.tsx";
import { TokensView } from "./tokens.tsx";
import { WebhooksView } from "./webhooks.tsx";

export interface View {
  /** In addresses: `#/board`. */
  readonly name: string;
  readonly label: string;
  /** The key that leads to it, after `g`. */
  readonly key: string;
  readonly component: ComponentType;
  /** Whether it shows earlier moments, too. */
  readonly hasPast?: true;
  /** The least role that may see it. Default: all. */
  readonly role?: Who["role"];
}

export const VIEWS: readonly View[] = [
  { name: "plan", label: "Plan", key: "p", component: PlanView, hasPast: true },
  { name: "board", label: "Board", key: "b", component: BoardView, hasPast: true },
  { name: "table", label: "Table", key: "t", component: TableView, hasPast: true },
  { name: "timeline", label: "Timeline", key: "l", component: TimelineView, hasPast: true },
  { name: "instances", label: "Instances", key: "i", component: InstancesView, hasPast: true },
  { name: "groups", label: "Groups", key: "o", component: GroupsView, hasPast: true },
  { name: "insight", label: "Insight", key: "s", component: InsightView, hasPast: true },
  { name: "events", label: "Events", key: "e", component: EventsView },
  { name: "templates", label: "Templates", key: "m", component: TemplatesView },
  { name: "webhooks", label: "Webhooks", key: "w", component: WebhooksView, role: "admin" },
  { name: "tokens", label: "Tokens", key: "k", component: TokensView, role: "admin" },
  { name: "audit", label: "Audit", key: "a", component: AuditView, role: "admin" },
];
