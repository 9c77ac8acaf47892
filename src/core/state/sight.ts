/**
 * The state as a caller sees it. A group, and with it all of its tasks, is hidden from callers of other audiences. As a task
 * depends only on what everybody who sees it also sees, nothing that is shown can lead to what is hidden, but for edges in
 * the other direction: whoever follows those from a task or group to its dependents asks `sees`.
 */

import { type KnownCaller, seesEverything } from "../model/access.ts";
import { isSeenBy } from "../model/audience.ts";
import type { ReadonlyIdMap } from "../model/id_map.ts";
import type { InstanceNode, ReadonlyGroupNode, ReadonlyState, ReadonlyTaskNode, Sight } from "./state.ts";
import { limitedIn } from "./ready_queue.ts";

/** Stands for what a caller does not see, where a rule must speak of it. */
export const UNSEEN = "something you cannot see";

/**
 * The state without what is hidden from a caller: the state itself if the caller has no audiences. With audiences, it is
 * never the state itself, so that nothing depends on whether something is hidden. O(groups that not all see); each
 * number of tasks costs as much when it is read.
 */
export function sightOf(state: ReadonlyState, caller: Pick<KnownCaller, "role" | "audiences">): ReadonlyState {
  const { audiences } = caller;
  if (audiences === undefined || seesEverything(caller)) return state;
  const hidden = new Set<ReadonlyGroupNode>();
  for (const node of state.restricted) if (!isSeenBy(node.group.visibleTo, audiences)) hidden.add(node);
  return new SeenState(state, audiences, hidden);
}

/** The state with what is hidden from the caller. */
export function wholeOf(state: ReadonlyState): ReadonlyState {
  return state.sight?.whole ?? state;
}

/** Whether the caller sees a task. O(1). */
export function sees({ sight }: Pick<ReadonlyState, "sight">, node: Pick<ReadonlyTaskNode, "group">): boolean {
  return sight === undefined || !sight.hides(node.group);
}

/** The tasks that the caller sees. */
export function seen<N extends Pick<ReadonlyTaskNode, "group">>(
  state: Pick<ReadonlyState, "sight">,
  nodes: Iterable<N>,
): readonly N[] {
  const all = Array.from(nodes);
  return state.sight === undefined ? all : all.filter((node) => sees(state, node));
}

/** The state without some groups, if any, and their tasks. Each field says what becomes of it; what it shares has no tasks. */
class SeenState implements ReadonlyState {
  readonly sight: Sight;
  readonly #whole: ReadonlyState;
  readonly #hidden: ReadonlySet<ReadonlyGroupNode>;

  constructor(whole: ReadonlyState, audiences: readonly string[], hidden: ReadonlySet<ReadonlyGroupNode>) {
    this.#whole = whole;
    this.#hidden = hidden;
    this.sight = { whole, audiences, hides: (group) => group !== undefined && hidden.has(group) };
  }

  get tasks() {
    const size = () => this.#less(this.#whole.tasks.size, ({ members }) => members.size);
    return new SeenMap(this.#whole.tasks, (node) => this.#sees(node) ? node : undefined, size);
  }

  get groups() {
    const size = () => this.#whole.groups.size - this.#hidden.size;
    return new SeenMap(this.#whole.groups, (node) => this.#hidden.has(node) ? undefined : node, size);
  }

  get restricted() {
    return new Set(Array.from(this.#whole.restricted).filter((node) => !this.#hidden.has(node)));
  }

  /** All instances, without those of their tasks that are hidden or gone. */
  get instances() {
    const { instances } = this.#whole;
    return new SeenMap(instances, (node) => this.#withSeenTasks(node), () => instances.size);
  }

  get held() {
    return new SeenMap(this.#whole.held, (nodes) => {
      const shown = new Set(seen(this, nodes));
      return shown.size === 0 ? undefined : shown;
    });
  }

  get cancelled() {
    return new SeenMap(this.#whole.cancelled, ({ instance, tasks }) => {
      const shown = tasks.filter(({ id }) => this.#isShown(id));
      // How many of those over the bound are hidden is not known.
      return shown.length === 0 ? undefined : { instance, tasks: shown, count: shown.length };
    });
  }

  get notBy() {
    return new SeenMap(this.#whole.notBy, (nodes) => new Set(seen(this, nodes)));
  }

  get ready() {
    const { buckets, urgent, limited } = this.#whole.ready;
    return {
      buckets: new SeenMap(buckets, (bucket) => this.#sees(bucket) ? bucket : undefined),
      urgent: { ...urgent, isShown: ({ target }: { readonly target: ReadonlyTaskNode }) => this.#sees(target) },
      limited: this.#less(limited, limitedIn),
    };
  }

  get waiting() {
    return { ...this.#whole.waiting, isShown: this.#sees };
  }

  get blocked() {
    return { ...this.#whole.blocked, isShown: this.#sees };
  }

  get running() {
    return { ...this.#whole.running, isShown: this.#sees };
  }

  get delayTimers() {
    const isShown = ({ target }: { readonly target: ReadonlyTaskNode }) => this.#sees(target);
    return { ...this.#whole.delayTimers, isShown };
  }

  get counts() {
    return this.#lessEach(this.#whole.counts, ({ counts }) => counts);
  }

  get standings() {
    return this.#lessEach(this.#whole.standings, ({ standings }) => standings);
  }

  get overdue() {
    return this.#less(this.#whole.overdue, ({ overdue }) => overdue);
  }

  get pause() {
    return this.#whole.pause;
  }

  get templates() {
    return this.#whole.templates;
  }

  get tokens() {
    return this.#whole.tokens;
  }

  get webhooks() {
    return this.#whole.webhooks;
  }

  get digests() {
    return this.#whole.digests;
  }

  get requests() {
    return this.#whole.requests;
  }

  get removed() {
    return this.#whole.removed;
  }

  get pastAudiences(): never {
    throw unread("pastAudiences");
  }

  get seq() {
    return this.#whole.seq;
  }

  get hasArchive() {
    return this.#whole.hasArchive;
  }

  /** Of tasks without a group, which all see. */
  get statistics() {
    return this.#whole.statistics;
  }

  get recordedAt() {
    return this.#whole.recordedAt;
  }

  get now() {
    return this.#whole.now;
  }

  get nextOrder() {
    return this.#whole.nextOrder;
  }

  get epoch() {
    return this.#whole.epoch;
  }

  /** Only sweeps and the server itself read these, and they see everything. */
  get expiryTimers(): never {
    throw unread("expiryTimers");
  }

  get unreachable(): never {
    throw unread("unreachable");
  }

  get drained(): never {
    throw unread("drained");
  }

  get unannounced(): never {
    throw unread("unannounced");
  }

  get sessions(): never {
    throw unread("sessions");
  }

  get locks(): never {
    throw unread("locks");
  }

  readonly #sees = (node: { readonly group: ReadonlyGroupNode | undefined }): boolean => !this.sight.hides(node.group);

  #isShown(id: string): boolean {
    const node = this.#whole.tasks.get(id);
    return node !== undefined && this.#sees(node);
  }

  #withSeenTasks(node: Readonly<InstanceNode>): Readonly<InstanceNode> {
    const { lostTasks, ...instance } = node.instance;
    if (lostTasks === undefined) return node;
    const shown = lostTasks.filter(({ id }) => this.#isShown(id));
    return { ...node, instance: { ...instance, ...(shown.length > 0 && { lostTasks: shown }) } };
  }

  #less(total: number, countIn: (group: ReadonlyGroupNode) => number): number {
    let left = total;
    for (const group of this.#hidden) left -= countIn(group);
    return left;
  }

  #lessEach<K extends string>(
    total: Readonly<Record<K, number>>,
    countsIn: (group: ReadonlyGroupNode) => Readonly<Record<K, number>>,
  ): Readonly<Record<K, number>> {
    const left: Record<K, number> = { ...total };
    for (const group of this.#hidden) {
      const counts = countsIn(group);
      for (const key in counts) left[key] -= counts[key];
    }
    return left;
  }
}

function unread(field: string): Error {
  return new Error(`Cannot read ${field} of a state of which something is hidden`);
}

/** A map without the entries that are hidden, and with others in the form in which they are shown. */
class SeenMap<V> implements ReadonlyIdMap<V> {
  readonly #whole: ReadonlyMap<string, V> & Partial<Pick<ReadonlyIdMap<V>, "twinOf">>;
  readonly #show: (value: V) => V | undefined;
  readonly #size: (() => number) | undefined;

  /** @param size how many are shown, if that need not be counted */
  constructor(
    whole: ReadonlyMap<string, V> & Partial<Pick<ReadonlyIdMap<V>, "twinOf">>,
    show: (value: V) => V | undefined,
    size?: () => number,
  ) {
    this.#whole = whole;
    this.#show = show;
    this.#size = size;
  }

  get size(): number {
    return this.#size?.() ?? Array.from(this).length;
  }

  get(id: string): V | undefined {
    const value = this.#whole.get(id);
    return value === undefined ? undefined : this.#show(value);
  }

  has(id: string): boolean {
    return this.get(id) !== undefined;
  }

  twinOf(id: string): string | undefined {
    const twin = this.#whole.twinOf?.(id);
    return twin !== undefined && this.has(twin) ? twin : undefined;
  }

  *entries(): MapIterator<[string, V]> {
    for (const [id, value] of this.#whole) {
      const shown = this.#show(value);
      if (shown !== undefined) yield [id, shown];
    }
  }

  *keys(): MapIterator<string> {
    for (const [id] of this.entries()) yield id;
  }

  *values(): MapIterator<V> {
    for (const [, value] of this.entries()) yield value;
  }

  [Symbol.iterator](): MapIterator<[string, V]> {
    return this.entries();
  }

  forEach(callback: (value: V, id: string, map: ReadonlyMap<string, V>) => void): void {
    for (const [id, value] of this.entries()) callback(value, id, this);
  }
}
