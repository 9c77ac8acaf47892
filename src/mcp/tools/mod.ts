/**
 * The tools, by toolset. Existing users rely on names, parameters, fields of results and the first words of messages:
 * only add optional parameters and new fields.
 */

import { type Tool, type Toolset, TOOLSETS } from "../tool.ts";
import { ANALYTICS_TOOLS } from "./analytics_tools.ts";
import { GROUP_TOOLS } from "./group_tools.ts";
import { HISTORY_TOOLS } from "./history_tools.ts";
import { INSTANCE_TOOLS } from "./instance_tools.ts";
import { TASK_TOOLS } from "./task_tools.ts";
import { TEMPLATE_TOOLS } from "./template_tools.ts";
import { WORK_TOOLS } from "./work_tools.ts";

const TOOLS: Readonly<Record<Toolset, readonly Tool[]>> = {
  core: [...TASK_TOOLS, ...WORK_TOOLS],
  instances: INSTANCE_TOOLS,
  groups: GROUP_TOOLS,
  templates: TEMPLATE_TOOLS,
  events: HISTORY_TOOLS,
  analytics: ANALYTICS_TOOLS,
};

/** The tools of some toolsets, in the order in which they are listed. */
export function toolsOf(toolsets: readonly Toolset[]): readonly Tool[] {
  return TOOLSETS.filter((toolset) => toolsets.includes(toolset)).flatMap((toolset) => TOOLS[toolset]);
}
