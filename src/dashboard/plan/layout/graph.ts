/** What the layout takes and gives: plain data that a worker can be sent. Nothing here knows statuses or colours. */

/**
 * A plan. The ends of its edges are numbered through: first the tasks, then the joins, then the groups, whose number
 * stands for the whole box.
 */
export interface PlanGraph {
  readonly ids: readonly string[];
  /** The group of each task, an index into `groups`, or -1. */
  readonly group: Int32Array;
  readonly groups: readonly string[];
  readonly joins: readonly Join[];
  /** An edge runs from a dependency to its dependent; both may be joins. */
  readonly from: Uint32Array;
  readonly to: Uint32Array;
  /** What each edge asks for besides completion, an index into `marks`; 0 is nothing. */
  readonly mark: Uint32Array;
  /** Texts such as "on failed" or "/verdict = changes"; the first is empty. */
  readonly marks: readonly string[];
  /** Names of the groups drawn as one node. */
  readonly collapsed: ReadonlySet<string>;
  /** Keys of the stacks whose tasks are drawn one by one. */
  readonly unfolded: ReadonlySet<string>;
}

/** "any of" or "2 of": a small node of its own, since its edges meet there. */
export interface Join {
  /** The same from one layout to the next. */
  readonly id: string;
  readonly label: string;
  /** The group of the task that depends on it, or -1. */
  readonly group: number;
}

export const KIND = { task: 0, join: 1, stack: 2, group: 3, box: 4 } as const;

/** Where everything stands. Items are what is drawn: tasks, joins, stacks, collapsed groups and the boxes of the others. */
export interface Layout {
  readonly keys: readonly string[];
  readonly kind: Uint8Array;
  /** The task, join, stack or group that an item shows, by its index among its kind. */
  readonly source: Uint32Array;
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly width: Float32Array;
  readonly height: Float32Array;
  /** The box around an item, or -1. */
  readonly box: Int32Array;
  readonly stacks: readonly Stack[];
  /** The item that shows each end of the plan's edges. */
  readonly itemOf: Uint32Array;
  readonly edges: Routes;
  readonly bounds: Rectangle;
}

export interface Stack {
  readonly key: string;
  readonly tasks: Uint32Array;
}

export interface Routes {
  readonly from: Uint32Array;
  readonly to: Uint32Array;
  readonly mark: Uint32Array;
  /** How many of the plan's edges each stands for. */
  readonly count: Uint32Array;
  /** The points of edge e are those from `start[e]` to `start[e + 1]`, as x and y in turn. */
  readonly start: Uint32Array;
  readonly points: Float32Array;
}

export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Sizes in units of the plan: pixels at zoom 1. */
export const SIZE = {
  task: { width: 208, height: 60 },
  join: { width: 52, height: 24 },
  stack: { width: 208, height: 76 },
  group: { width: 232, height: 84 },
  /** The way of an edge through a column. */
  lane: { width: 0, height: 8 },
  columnGap: 72,
  /** Before a column into which an edge with a text leads. */
  markedGap: 140,
  rowGap: 20,
  boxPadding: 20,
  boxHeader: 36,
} as const;

/** From one column of cards to the next. */
export const PITCH = SIZE.task.width + SIZE.columnGap;

/** So many siblings with the same dependencies and dependents become one stack. */
export const STACK_AT_LEAST = 8;
/** A stack stays one down to so many, so that one task's leaving does not lay out all the others. */
export const STACK_STAYS_AT_LEAST = 4;
