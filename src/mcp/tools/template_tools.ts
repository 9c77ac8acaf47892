/**
 * The tools for templates: plans with parameters, for repeated use.
 */

import type { TemplateSummary } from "../../core/messages/queries.ts";
import type { NewTemplate, Template } from "../../core/model/template.ts";
import { isoTime } from "../../core/model/text.ts";
import { clip, fit, type Json } from "../page.ts";
import { presentGroup } from "../present.ts";
import { adds, changes, defineTool, reads, type Tool } from "../tool.ts";
import { defined, newTaskShape, toTemplateTask } from "./task_arguments.ts";
import { createdAnswer } from "./task_tools.ts";
import * as z from "zod";

/** Most templates in a list, which is in the order of names. */
const MAX_LISTED = 200;

const name = z.string();
const version = z.int().min(0).optional();

const parameter = z.object({
  name: z.string(),
  description: z.string().optional(),
  default: z.string().optional(),
  required: z.boolean().optional(),
});

export const TEMPLATE_TOOLS: readonly Tool[] = [
  defineTool({
    name: "list_templates",
    description:
      "List templates and their parameters. feature, bugfix, review_panel, migration and release are built in.",
    input: {},
    annotations: reads,
    async run(_, { query }) {
      const templates = await query({ type: "list_templates" });
      const { shown, isCut } = fit(templates.slice(0, MAX_LISTED).map(presentSummary), "oldest");
      const isPart = isCut || templates.length > MAX_LISTED;
      return { json: { templates: shown, ...(isPart && { total: templates.length }) } };
    },
  }),
  defineTool({
    name: "get_template",
    description: "Return one template in full, in its newest version or another; 0 is the built-in one.",
    input: { name, version },
    annotations: reads,
    async run({ name, version }, { query }) {
      const { template, isArchived } = await query({ type: "get_template", name, ...defined({ version }) });
      return { json: { ...presentTemplate(template), ...(isArchived && { archived: true }) } };
    },
  }),
  defineTool({
    name: "apply_template",
    description: "Create a group and the tasks of a template in it, all or none. Task ids start with group_id/.",
    input: {
      name,
      version,
      group_id: z.string(),
      parameters: z.record(z.string(), z.string()).optional(),
      title: z.string().optional(),
      max_parallel: z.int().optional(),
      preamble: z.string().optional(),
      visible_to: z.array(z.string()).optional(),
    },
    annotations: adds,
    async run({ name, version, group_id, parameters = {}, title, max_parallel, preamble, visible_to }, { execute }) {
      const applied = await execute({
        type: "apply_template",
        name,
        group: group_id,
        settings: defined({ title, maxParallel: max_parallel, preamble, visibleTo: visible_to }),
        parameters,
        ...defined({ version }),
      });
      const ids = applied.tasks.map((task) => task.id);
      return { json: { group: presentGroup(applied.group), ...createdAnswer(applied.tasks), task_ids: ids } };
    },
  }),
  defineTool({
    name: "save_template",
    description:
      "Save a plan as the next version of a template. tasks as in create_tasks, without group; {{name}} in their " +
      "texts stands for a parameter.",
    input: {
      name,
      description: z.string().optional(),
      parameters: z.array(parameter).optional(),
      tasks: z.array(z.object(newTaskShape)),
    },
    isBrief: true,
    annotations: adds,
    async run({ name, description, parameters = [], tasks }, { execute, now }) {
      const at = now();
      const template: NewTemplate = {
        name,
        ...defined({ description }),
        parameters: parameters.map(({ name, ...rest }) => ({ name, ...defined(rest) })),
        tasks: tasks.map((task) => toTemplateTask(task, at)),
      };
      return { json: await execute({ type: "save_template", template }) };
    },
  }),
  defineTool({
    name: "archive_template",
    description: "Archive a template, so that it cannot be applied; archived: false restores it.",
    input: { name, archived: z.boolean().optional() },
    annotations: changes,
    async run({ name, archived = true }, { execute }) {
      const command = { type: "archive_template" as const, name, isArchived: archived };
      const { isArchived } = await execute(command);
      return { json: { name, archived: isArchived } };
    },
  }),
];

function presentSummary({ taskCount, isBuiltin, isArchived, description, parameters, ...rest }: TemplateSummary): Json {
  return {
    ...rest,
    ...(description !== undefined && { description: clip(description, "get_template has all") }),
    parameters: parameters.map(({ description, default: value, ...parameter }) => ({
      ...parameter,
      ...(description !== undefined && { description: clip(description, "get_template has all") }),
      ...(value !== undefined && { default: clip(value, "get_template has all") }),
    })),
    tasks: taskCount,
    builtin: isBuiltin,
    ...(isArchived && { archived: true }),
  };
}

function presentTemplate({ createdAt, tasks, ...template }: Template): Json {
  return {
    ...template,
    tasks: tasks.map(({ notBefore, deadline, ...task }) => ({
      ...task,
      ...(notBefore !== undefined && { notBefore: isoTime(notBefore) }),
      ...(deadline !== undefined && { deadline: isoTime(deadline) }),
    })),
    ...(createdAt !== undefined && { createdAt: isoTime(createdAt) }),
  };
}
