/**
 * The tools, by toolset. Names, parameters, result shapes and the beginnings of messages are what existing users rely
 * on; only optional parameters and further fields are ever added.
 */

import { type Tool, type Toolset, TOOLSETS } from "../tool.ts";
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
};

/** The tools of some toolsets, in the order in which they are listed. */
export function toolsOf(toolsets: readonly Toolset[]): readonly Tool[] {
  return TOOLSETS.filter((toolset) => toolsets.includes(toolset)).flatMap((toolset) => TOOLS[toolset]);
}
