/** The views of the dashboard: their names in addresses, and who is offered them. */

import type { ComponentType } from "preact";
import type { Who } from "../api/types.ts";
import { BoardView } from "./board.tsx";
import { GroupsView } from "./groups.tsx";
import { InstancesView } from "./instances.tsx";

export interface View {
  /** In addresses: `#/board`. */
  readonly name: string;
  readonly label: string;
  /** The key that leads to it, after `g`. */
  readonly key: string;
  readonly component: ComponentType;
  /** The least role that may see it. Default: all. */
  readonly role?: Who["role"];
}

export const VIEWS: readonly View[] = [
  { name: "board", label: "Board", key: "b", component: BoardView },
  { name: "instances", label: "Instances", key: "i", component: InstancesView },
  { name: "groups", label: "Groups", key: "o", component: GroupsView },
];
