/** The servers that are compared, ours first. */

import type { Peer } from "../peer.ts";
import { agentOrchestration } from "./agent_orchestration.ts";
import { backlog } from "./backlog.ts";
import { ours } from "./ours.ts";
import { shrimp } from "./shrimp.ts";
import { taskOrchestrator } from "./task_orchestrator.ts";

export const OURS = ours;
export const PEERS: readonly Peer[] = [taskOrchestrator, agentOrchestration, shrimp, backlog];
