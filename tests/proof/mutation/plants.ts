/** Bugs that would break a promise, each as a change of the program's text that its own tests must not let pass. */

export interface Plant {
  /** What the program then does wrong. */
  readonly name: string;
  /** The file, from the root of the project. */
  readonly path: string;
  /** What stands there, exactly once, and what is put in its place. */
  readonly code: string;
  readonly instead: string;
}

export const PLANTS: readonly Plant[] = [
  {
    name: "no fencing: an attempt that is over can end a later one",
    path: "src/core/rules/attempts.ts",
    code: "attempt === undefined || attempt === task.attempt",
    instead: "attempt === undefined || attempt <= task.attempt",
  },
  {
    name: "no holder: anybody can end a task",
    path: "src/core/rules/attempts.ts",
    code: "if (task.assignedTo !== instance) throw notHolder(",
    instead: 'if (task.assignedTo !== instance && task.status !== "in_progress") throw notHolder(',
  },
  {
    name: "no directory fsync: the name of a new segment can be lost",
    path: "src/store/file/durability.ts",
    code: "    this.#disk.syncDirectory(this.#segments.directory);\n",
    instead: "",
  },
  {
    name: "answer before fdatasync",
    path: "src/store/file/file_journal.ts",
    code: "    this.#makeDurable(written);\n",
    instead: "    if (written.position.offset < written.appended) this.#makeDurable(written);\n",
  },
  {
    name: "a reader answers before what it read is durable",
    path: "src/store/file/file_journal.ts",
    code: "    this.#durability.sync(chunk.position);\n    return chunk;",
    instead: "    if (chunk.position.seq === 1) this.#durability.sync(chunk.position);\n    return chunk;",
  },
  {
    name: "no catch-up: decides without the newest records of other processes",
    path: "src/store/file/file_journal.ts",
    code: "      position = this.#tail.catchUp(position, follow);\n",
    instead: "      if (position.seq === 0) position = this.#tail.catchUp(position, follow);\n",
  },
  {
    name: "no lock: two processes append at the same time",
    path: "src/store/file/write_lock.ts",
    code: "if (file.tryLock()) return true;",
    instead: "if (file.tryLock() || NAP_MS > 0) return true;",
  },
  {
    name: "a failed write is not cut off",
    path: "src/store/file/append.ts",
    code: "if (sizeBytes > written.position.offset) file.truncate",
    instead: "if (sizeBytes < written.position.offset) file.truncate",
  },
  {
    name: "a record is appended after a torn tail",
    path: "src/store/file/journal_tail.ts",
    code: 'if (chunk.rest.type === "torn") this.#cutTorn(from, chunk.rest.bytes);',
    instead: 'if (chunk.rest.type === "torn" && from.seq === 0) this.#cutTorn(from, chunk.rest.bytes);',
  },
  {
    name: "it goes on after a failed fdatasync",
    path: "src/store/file/durability.ts",
    code: "    if (this.#failure !== undefined) throw this.#failure;\n",
    instead: "    if (this.#failure !== undefined && this.#durableSeq < 0) throw this.#failure;\n",
  },
  {
    name: "a reader goes to the next segment before the end of a long one",
    path: "src/store/file/segment_files.ts",
    code: "if (hasNext && own?.sizeBytes === position.offset)",
    instead: "if (hasNext && position.offset >= 16 * (this.#chunkBytes ?? 256 * 1024))",
  },
  {
    name: "a write whose sync failed is said to have changed nothing",
    path: "src/store/file/file_journal.ts",
    code: "if (appended === 0 || !(error instanceof Unavailable)) throw error;",
    instead: "if (appended === 0 || !(error instanceof Unavailable)) throw error;\n" +
      "      if (appended > 0) throw this.#tail.failed(position.segment, 0, error);",
  },
  {
    name: "stale checkpoint wins",
    path: "src/store/file/checkpoint_files.ts",
    code: "return seq < position.seq ||",
    instead: "return seq !== position.seq ||",
  },
  {
    name: "a checkpoint is renamed before it is durable",
    path: "src/store/file/durable_file.ts",
    code: "    await file.sync();\n",
    instead: "",
  },
  {
    name: "cycle check without groups",
    path: "src/core/rules/checks/cycle.ts",
    code: "      if (vertex.group !== undefined) yield vertex.group;\n",
    instead: "",
  },
  {
    name: "expired leases stay",
    path: "src/core/rules/sweep.ts",
    code: "if (lost === undefined && leaseUntil <= now)",
    instead: "if (lost === undefined && leaseUntil <= now && task.attempt > 1)",
  },
  {
    name: "a late completion undoes a failure on which others have acted",
    path: "src/core/rules/attempts.ts",
    code: 'return wasLost && status === "pending" ? last : undefined;',
    instead: 'return wasLost && status !== "in_progress" ? last : undefined;',
  },
  {
    name: "a pause that is no number: 0 times infinity",
    path: "src/core/rules/retry_policy.ts",
    code: "const growth = Math.min(coefficient ** failures, MAX_DURATION_MS);",
    instead: "const growth = coefficient ** failures;",
  },
  {
    name: "a task whose last attempt was lost ends again by its deadline",
    path: "src/core/rules/sweep.ts",
    code: "if (lost?.isLast === true) return [];",
    instead: "if (lost?.isLast === true && task.overdue === true) return [];",
  },
  {
    name: "an attempt of a deleted task is used again",
    path: "src/core/state/removed_attempts.ts",
    code: "return Math.max(last.get(id) ?? 0, floor);",
    instead: "return floor;",
  },
  {
    name: "a task that is ready again is not announced",
    path: "src/core/state/announcements.ts",
    code: "  if (!isReady || delayedUntilOf(node.task) > recordedAt) node.isAnnounced = false;\n",
    instead: "",
  },
  {
    name: "an update announces what was ready before",
    path: "src/core/messages/upcast.ts",
    code: ", isSilent: true",
    instead: "",
  },
  {
    name: "an instance that is lost while it drains forgets that",
    path: "src/core/state/evolve_instances.ts",
    code: "...(isDraining && { wasDraining: true }),",
    instead: "",
  },
  {
    name: "an instance is lost before all of its tasks are back",
    path: "src/core/rules/sweep.ts",
    code: "if (ends.length < countHeldBy(state, id)) return events;",
    instead: "if (ends.length < 1 && countHeldBy(state, id) > 0) return events;",
  },
  {
    name: "a bulk delete ignores dependents that use an expression",
    path: "src/core/rules/bulk.ts",
    code: "unchecked.push(...node.dependencies, ...conditionSources(node));",
    instead: "unchecked.push(...node.dependencies, ...[...conditionSources(node)].filter(() => false));",
  },
  {
    name: "a task is archived though another one depends on it",
    path: "src/core/rules/archivable.ts",
    code: "inOrderOfCreation(namersOf(state, node)) : [];",
    instead: "inOrderOfCreation(namersOf(state, node)).filter(has) : [];",
  },
  {
    name: "a dependency is archived before what depends on it",
    path: "src/core/rules/archive.ts",
    code: "tasks: order.map(({ task }) => task.id)",
    instead: "tasks: order.toReversed().map(({ task }) => task.id)",
  },
  {
    name: "a group forgets its archived tasks",
    path: "src/core/state/evolve_archive.ts",
    code: "if (group !== undefined) noteArchived(group, task);",
    instead: 'if (group !== undefined && task.status === "skipped") noteArchived(group, task);',
  },
  {
    name: "a failed task is archived though another one waits for its group",
    path: "src/core/rules/archivable.ts",
    code: "return waiter && { why:",
    instead: "return waiter && waiter.unmet < 0 && { why:",
  },
  {
    name: "an attempt of an archived task is used again",
    path: "src/core/state/evolve_archive.ts",
    code: "noteRemoved(state.removed, removeTask(state, id));",
    instead: "noteRemoved(state.removed, { ...removeTask(state, id), attempt: 0 });",
  },
  {
    name: "a snapshot shares a list with the state",
    path: "src/core/state/snapshot.ts",
    code: "    state.templates.set(name, { versions: [...versions], isArchived });",
    instead: "    state.templates.set(name, { versions: versions as Template[], isArchived });",
  },
  {
    name: "of the instances that have gone, the newest is forgotten first",
    path: "src/core/state/evolve_instances.ts",
    code: "instance.seenAt < oldest.seenAt",
    instead: "instance.seenAt > oldest.seenAt",
  },
  {
    name: "the size of a bulk change is measured in characters",
    path: "src/core/state/record_size.ts",
    code: "return json.length * 3 <= limit ? json.length",
    instead: "return json.length <= limit ? json.length",
  },
  {
    name: "the shutdown does not wait for a checkpoint that is being saved",
    path: "src/app/checkpointer.ts",
    code: "    await this.#saving;\n",
    instead: "",
  },
  {
    name: "a command that may still arrive is run again",
    path: "src/app/settle.ts",
    code: "const isFinal = found.length > kept;",
    instead: "const isFinal = found.length >= kept;",
  },
  {
    name: "an id of a caller counts for every caller",
    path: "src/core/state/requests.ts",
    code: "return JSON.stringify([caller, id, token]);",
    instead: "return JSON.stringify([caller.length > 99, id, token]);",
  },
  {
    name: "what is hidden is counted",
    path: "src/core/state/sight.ts",
    code: "return this.#lessEach(this.#whole.counts, ({ counts }) => counts);",
    instead: "return this.#whole.counts;",
  },
  {
    name: "an answer lists hidden tasks that it unlocked",
    path: "src/core/views/unlocked.ts",
    code: "return seen(state, dependents);",
    instead: "return state.sight === undefined ? seen(state, dependents) : Array.from(dependents);",
  },
  {
    name: "a search finds hidden tasks",
    path: "src/core/views/search.ts",
    code: "of tasksMatching(state, filter)) {",
    instead: "of tasksMatching(state.sight?.whole ?? state, filter)) {",
  },
  {
    name: "hidden ids are completed",
    path: "src/core/views/answer.ts",
    code: 'completeIds((kind === "task" ? state.tasks : state.groups).keys(), prefix, limit)',
    instead: 'completeIds((kind === "task" ? state.tasks : wholeOf(state).groups).keys(), prefix, limit)',
  },
  {
    name: "hidden groups are counted",
    path: "src/core/views/answer.ts",
    code: "    total: state.groups.size,\n",
    instead: "    total: wholeOf(state).groups.size,\n",
  },
  {
    name: "the holder of a lock is named to who does not see it",
    path: "src/core/state/readiness.ts",
    code: "...(sees(state, holder) && { holder })",
    instead: "...((sees(state, holder) || holder.task.locks !== undefined) && { holder })",
  },
  {
    name: "the history shows what a caller sees now, whatever it saw then",
    path: "src/core/views/seen_notifications.ts",
    code: "id !== undefined && !sees(id, seq))",
    instead: "id !== undefined && !sees(id, Infinity))",
  },
  {
    name: "a stream tells events of what is hidden",
    path: "src/http/events/event_streams.ts",
    code: 'options.engine.query({ type: "select_notifications", ...selected }, caller)',
    instead: 'options.engine.query({ type: "select_notifications", ...selected }, { name: "", role: "admin" })',
  },
  {
    name: "subscribers are notified of changes to what they do not see",
    path: "src/mcp/server.ts",
    code: "return (query) => engine.query(query, caller);",
    instead: 'return (query) => engine.query(query, { name: caller.name, role: "admin" });',
  },
  {
    name: "resources show what is hidden",
    path: "src/mcp/server.ts",
    code: "query: (query) => engine.query(query, caller),",
    instead: "query: (query) =>\n" +
      '      engine.query(query, request.method === "resources/read" ? { name, role: "admin" } : caller),',
  },
  {
    name: "cursors have gaps where hidden tasks are",
    path: "src/core/views/cursor.ts",
    code: "return seesEverything(owner) ? String(last.order)",
    instead: 'return seesEverything(owner) || owner.role === "planner" ? String(last.order)',
  },
  {
    name: "the drawing has gaps where hidden tasks are",
    path: "src/core/views/mermaid.ts",
    code: "[node, `t${index + 1}`]",
    instead: "[node, `t${index < 0 ? index : node.task.order}`]",
  },
  {
    name: "news of hidden tasks are taken for told",
    path: "src/core/state/news.ts",
    code: "if (audiences === undefined) return true;",
    instead: "if (audiences === undefined || tasks.has(task.id)) return true;",
  },
  {
    name: "a delivery is noted before it is answered",
    path: "src/webhooks/courier.ts",
    code: "    const { answer, error, entry } = await this.#try(notification, attempts, signal);\n",
    instead: "    await saved.replace({ ...saved.now, place: placeOf(notification), source: notification.source });\n" +
      "    const { answer, error, entry } = await this.#try(notification, attempts, signal);\n",
  },
  {
    name: "two processes deliver to one webhook",
    path: "src/store/file/delivery_files.ts",
    code: "isLeading = file.tryLock() &&",
    instead: 'isLeading = (file.tryLock() || name.startsWith("webhook-")) &&',
  },
  {
    name: "everybody sees the network addresses of clients",
    path: "src/core/views/seen_notifications.ts",
    code: "if (via?.address === undefined) return notification;",
    instead: 'if (via?.address === undefined || via.transport === "http") return notification;',
  },
];
