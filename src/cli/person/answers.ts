/** The parts of answers of tools that a person is shown. They may come from a service of another version, so they are checked. */

import * as z from "zod";

const noteSchema = z.object({
  author: z.string(),
  at: z.string(),
  text: z.string(),
  task: z.string().exactOptional(),
});

const attemptSchema = z.object({
  attempt: z.number(),
  outcome: z.string(),
  message: z.string().exactOptional(),
});

/** News of the person's tasks, which every answer can have: what others did to them. */
const newsShape = {
  notes: z.array(noteSchema).exactOptional(),
  lost_tasks: z.array(z.string()).exactOptional(),
  cancelled_tasks: z.array(z.object({ id: z.string(), by: z.string(), reason: z.string().exactOptional() }))
    .exactOptional(),
};

/** A task as its details, a change or a claim show it. */
const taskShape = {
  id: z.string(),
  description: z.string(),
  status: z.string(),
  readiness: z.string().exactOptional(),
  waitingFor: z.array(z.string()).exactOptional(),
  limitedBy: z.array(z.string()).exactOptional(),
  delayedUntil: z.string().exactOptional(),
  dependencies: z.array(z.unknown()).exactOptional(),
  priority: z.string().exactOptional(),
  group: z.string().exactOptional(),
  assignedTo: z.string().exactOptional(),
  progress: z.object({ percent: z.number().exactOptional(), message: z.string().exactOptional() }).exactOptional(),
  result: z.string().exactOptional(),
  error: z.string().exactOptional(),
  reason: z.string().exactOptional(),
  overdue: z.boolean().exactOptional(),
  refs: z.record(z.string(), z.string()).exactOptional(),
  attempt: z.number().exactOptional(),
  leaseUntil: z.string().exactOptional(),
  createdAt: z.string().exactOptional(),
  startedAt: z.string().exactOptional(),
  finishedAt: z.string().exactOptional(),
};

export const taskSchema = z.object(taskShape);

export const detailsSchema = z.object({
  ...taskShape,
  notes: z.array(noteSchema).exactOptional(),
  pastAttempts: z.array(attemptSchema).exactOptional(),
  kept: z.string().exactOptional(),
});

const inputSchema = z.object({
  task: z.string(),
  status: z.string().exactOptional(),
  result: z.string(),
});

export const claimedSchema = z.object({
  ...taskShape,
  ...newsShape,
  preamble: z.string().exactOptional(),
  inputs: z.array(inputSchema).exactOptional(),
  previous: attemptSchema.exactOptional(),
  result_must_have: z.array(z.string()).exactOptional(),
  holding: z.array(z.object({ id: z.string() })).exactOptional(),
  you: z.string(),
});

export const noTasksSchema = z.object({
  ...newsShape,
  status: z.literal("no_tasks"),
  message: z.string(),
  holding: z.array(z.object({ id: z.string() })).exactOptional(),
  you: z.string(),
});

export const completedSchema = z.object({
  ...newsShape,
  completed_task: taskSchema,
  unlocked_tasks: z.array(taskSchema),
  unlocked_count: z.number().exactOptional(),
  skipped_tasks: z.array(z.object({ id: z.string() })).exactOptional(),
  skipped_count: z.number().exactOptional(),
});

export const notedSchema = z.object({
  id: z.string(),
  note_count: z.number(),
  assignedTo: z.string().exactOptional(),
});

export const retriedSchema = z.object({
  ...taskShape,
  started_dependents: z.array(z.object({ id: z.string() })).exactOptional(),
  started_count: z.number().exactOptional(),
});

export const cancelledSchema = z.object({ ...taskShape, note: z.string().exactOptional() });

const dependencySchema = z.object({
  dependency: z.string(),
  verdict: z.string(),
  state: z.string().exactOptional(),
  need: z.number().exactOptional(),
  more: z.number().exactOptional(),
  get of() {
    return z.array(dependencySchema).exactOptional();
  },
});

export const explanationSchema = z.object({
  id: z.string(),
  status: z.string(),
  readiness: z.string().exactOptional(),
  why: z.string(),
  whatWouldChange: z.array(z.string()),
  dependencies: z.array(dependencySchema).exactOptional(),
  moreDependencies: z.number().exactOptional(),
});

export type ShownTask = z.infer<typeof taskSchema>;
export type ShownDetails = z.infer<typeof detailsSchema>;
export type ShownClaim = z.infer<typeof claimedSchema>;
export type ShownExplanation = z.infer<typeof explanationSchema>;
export type ShownDependency = z.infer<typeof dependencySchema>;
export type ShownNews = z.infer<z.ZodObject<typeof newsShape>>;

/** The answer to a call that was carried out before, by a service whose answer did not come. */
export const repeatedSchema = z.object({ repeated: z.literal(true), tasks: z.array(taskSchema).default([]) });
