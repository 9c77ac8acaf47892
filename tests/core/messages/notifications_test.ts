/** Shows what a record tells the outside: one notification a fact, with the group and the cause where they are known. */

import { assert, assertEquals } from "@std/assert";
import { type Event, EVENT_TYPES, type EventType, type JournalRecord } from "../../../src/core/messages/events.ts";
import {
  type HistoryFilter,
  isSelected,
  keysOfFilter,
  keysOfRecord,
  nameOf,
} from "../../../src/core/messages/history.ts";
import { NOTIFICATION_TYPES, notificationsOf } from "../../../src/core/messages/notifications.ts";
import { newTask, oldTask } from "../given.ts";

const SOURCE = "orchestrator://journals/abc/0";

/** One event of each type at least. */
const EVENTS: readonly Event[] = [
  { type: "tasks.created", tasks: [newTask("a"), { ...newTask("b"), group: "g" }] },
  { type: "tasks.imported", tasks: [oldTask("old", { group: "h" })] },
  { type: "task.updated", id: "b", settings: { group: "h" } },
  { type: "task.deleted", id: "a" },
  { type: "task.claimed", id: "b", instance: "x", attempt: 1, leaseUntil: 9 },
  { type: "task.progressed", id: "b", instance: "x", attempt: 1, percent: 5 },
  { type: "task.completed", id: "b", instance: "x", attempt: 1, result: "r" },
  { type: "task.failed", id: "b", instance: "x", attempt: 1, error: "e" },
  { type: "attempt.ended", id: "b", instance: "x", attempt: 1, outcome: "lost" },
  { type: "attempt.ended", id: "b", instance: "x", attempt: 2, outcome: "expired", error: "e", isLast: true },
  { type: "task.released", id: "b", instance: "x", attempt: 3, reason: "r" },
  { type: "task.cancelled", id: "b" },
  { type: "task.retried", id: "b" },
  { type: "tasks.skipped", tasks: [{ id: "b", because: "a" }] },
  { type: "tasks.abandoned", tasks: [{ id: "b", error: "e", cause: "deadline" }] },
  { type: "task.overdue", id: "b" },
  { type: "tasks.ready", tasks: ["b"] },
  { type: "session.closed", session: "s", until: 5, tasks: ["b"] },
  { type: "session.lost", session: "s", until: 5, tasks: ["b"] },
  { type: "session.resumed", session: "s", instance: "x", tasks: ["b"] },
  { type: "clock.corrected", from: 9, to: 5 },
  { type: "instance.registered", instance: "x", settings: { roles: ["r"] } },
  { type: "instance.renewed", instance: "x", expiresAt: 7, leases: [{ id: "b", until: 9 }] },
  { type: "instance.drained", instance: "x" },
  { type: "instance.left", instance: "x" },
  { type: "instance.lost", instance: "x", tasks: ["b"] },
  { type: "group.created", group: { id: "g" } },
  { type: "group.updated", group: "g", settings: { paused: true } },
  { type: "group.deleted", group: "g" },
  { type: "template.saved", version: 2, template: { name: "t", parameters: [], tasks: [newTask("a")] } },
  { type: "template.archived", name: "t", isArchived: true },
  { type: "template.archived", name: "t", isArchived: false },
  { type: "token.issued", token: { name: "t", role: "worker", digest: "0".repeat(64), instance: "x", expiresAt: 9 } },
  { type: "token.revoked", name: "t" },
  {
    type: "webhook.saved",
    webhook: { name: "w", id: "i", url: "https://example.com/h", group: "g", secret: "s", types: ["task.failed"] },
  },
  { type: "webhook.rotated", name: "w", secret: "s2", previousUntil: 9 },
  { type: "webhook.replayed", name: "w", from: { at: 9 } },
  { type: "webhook.disabled", name: "w", why: "gone" },
  { type: "webhook.deleted", name: "w" },
  {
    type: "access.denied",
    denial: { caller: "d", via: { transport: "stdio" }, call: "get_task", reason: "token", verb: "see", tasks: ["b"] },
  },
  { type: "handler.failed", handler: "h", notification: "7.0", error: "e", tries: 4, isPassedOver: true },
  { type: "task.noted", id: "b", author: "x", instance: "x", text: "n" },
  { type: "tasks.archived", tasks: ["b"] },
  { type: "project.paused", reason: "r", by: { caller: "c" } },
  { type: "project.resumed" },
  { type: "task.redacted", id: "b", fields: ["result"], reason: "r", by: { caller: "c" }, records: [[1, "d"]] },
];

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

function recordOf(events: readonly Event[], more: Partial<JournalRecord> = {}): JournalRecord {
  return { seq: 7, at: 1_000, actor: "client", command: "c", events, ...more };
}

/** What is told, without the envelope. */
function told(events: readonly Event[], more?: Partial<JournalRecord>, groupOf?: (id: string) => string | undefined) {
  return notificationsOf(recordOf(events, more), { source: SOURCE, ...(groupOf !== undefined && { groupOf }) })
    .map(({ type, subject, data: { actor: _, ...data } }) => [nameOf(type), subject, data]);
}

test("every event type tells something, and every type of notification is told", () => {
  const known = new Set<EventType>(EVENTS.map(({ type }) => type));
  assertEquals(EVENT_TYPES.filter((type) => !known.has(type)), []);
  for (const event of EVENTS) assert(notificationsOf(recordOf([event]), { source: SOURCE }).length > 0, event.type);
  const types = new Set(notificationsOf(recordOf(EVENTS), { source: SOURCE }).map(({ type }) => nameOf(type)));
  assertEquals(types, new Set(NOTIFICATION_TYPES));
});

test("a notification is a CloudEvent: numbered in its record, about one subject, with who did it and by which way", () => {
  const via = { transport: "stdio", client: "c", process: "1", session: "s" } as const;
  const events = notificationsOf(recordOf([EVENTS[0]!, { type: "task.retried", id: "c" }], { via }), {
    source: SOURCE,
  });
  const envelope = {
    specversion: "1.0",
    source: SOURCE,
    time: "1970-01-01T00:00:01.000Z",
    datacontenttype: "application/json",
  };
  const by = { actor: "client", via };
  assertEquals<unknown>(events, [
    {
      ...envelope,
      id: "7.0",
      type: "orchestrator.task.created",
      subject: "a",
      data: { description: "do a", dependencies: [], ...by },
    },
    {
      ...envelope,
      id: "7.1",
      type: "orchestrator.task.created",
      subject: "b",
      data: { description: "do b", dependencies: [], group: "g", ...by },
    },
    { ...envelope, id: "7.2", type: "orchestrator.task.retried", subject: "c", data: by },
  ]);
  for (const { subject } of notificationsOf(recordOf(EVENTS), { source: SOURCE })) assert(subject !== "");
});

test("times are ISO 8601 wherever they stand, and durations stay numbers", () => {
  const task = oldTask("old", {
    deadline: 1,
    timeoutMs: 5,
    progress: { percent: 1, at: 2 },
    pastAttempts: [{ attempt: 1, instance: "x", startedAt: 3, endedAt: 4, outcome: "lost" }],
  });
  const [[, , data] = []] = told([{ type: "tasks.imported", tasks: [task] }]);
  const { deadline, timeoutMs, progress, pastAttempts, createdAt } = data as Record<string, unknown>;
  const iso = (at: number) => new Date(at).toISOString();
  assertEquals([deadline, timeoutMs, progress, createdAt], [
    iso(1),
    5,
    { percent: 1, at: iso(2) },
    iso(task.createdAt),
  ]);
  assertEquals(pastAttempts, [{ attempt: 1, instance: "x", startedAt: iso(3), endedAt: iso(4), outcome: "lost" }]);
  assertEquals(told([{ type: "task.updated", id: "a", settings: { deadline: 5, notBefore: null } }]), [
    ["task.updated", "a", { settings: { deadline: iso(5), notBefore: null } }],
  ]);
  assertEquals(
    told([{ type: "attempt.ended", id: "a", instance: "x", attempt: 1, outcome: "failed", retryAt: 9 }]),
    [["task.returned", "a", { cause: "failed", instance: "x", attempt: 1, retryAt: iso(9) }]],
  );
});

test("a note tells its author and text, a cancellation by whom, and imported notes have times", () => {
  assertEquals(
    told([
      { type: "task.noted", id: "a", author: "lead", instance: "lead", text: "use v2" },
      { type: "task.noted", id: "a", author: "claude-code", text: "too late" },
      { type: "task.cancelled", id: "a", reason: "r", by: { caller: "claude-code", instance: "lead" } },
    ]),
    [
      ["task.noted", "a", { author: "lead", instance: "lead", text: "use v2" }],
      ["task.noted", "a", { author: "claude-code", text: "too late" }],
      ["task.cancelled", "a", { reason: "r", by: { caller: "claude-code", instance: "lead" } }],
    ],
  );
  const old = oldTask("a", { notes: [{ author: "lead", at: 9, text: "use v2" }] });
  const [[, , data] = []] = told([{ type: "tasks.imported", tasks: [old] }]);
  assertEquals((data as { notes?: unknown }).notes, [{
    author: "lead",
    at: new Date(9).toISOString(),
    text: "use v2",
  }]);
});

test("the history of an instance has what happened to tasks that it held, and what it cancelled", () => {
  const record = recordOf([
    { type: "task.cancelled", id: "a", instance: "ann", by: { caller: "c", instance: "lead" } },
    { type: "task.overdue", id: "b", instance: "ann" },
    { type: "tasks.abandoned", tasks: [{ id: "b", error: "late", cause: "deadline", instance: "ann" }] },
    { type: "task.overdue", id: "c" },
  ]);
  const shown = (instance: string) =>
    notificationsOf(record, { source: "" }).filter((each) => isSelected(each, { instance })).map(({ subject }) =>
      subject
    );
  assertEquals([shown("ann"), shown("lead"), shown("c")], [["a", "b", "b"], ["a"], []]);
  for (const instance of ["ann", "lead"]) {
    assert(keysOfFilter({ instance }).every((keys) => keys.some((key) => keysOfRecord(record).includes(key))));
  }
});

test("an event tells the group that its task is in then, and one that moves it both", () => {
  const groups = [{ group: "g", tasks: ["a"] }];
  const moves: Event[] = [
    { type: "task.retried", id: "a" },
    { type: "task.updated", id: "a", settings: { group: "h" } },
    { type: "task.overdue", id: "a" },
    { type: "task.updated", id: "a", settings: { group: null } },
    { type: "task.cancelled", id: "a" },
  ];
  assertEquals(told(moves, { groups }).map(([, , data]) => data), [
    { group: "g" },
    { group: "h", previousGroup: "g", settings: { group: "h" } },
    { group: "h" },
    { previousGroup: "h", settings: { group: null } },
    {},
  ]);
});

test("of records that do not tell groups, another is asked; of those that do, never", () => {
  const asked = (id: string) => `group of ${id}`;
  assertEquals(told([{ type: "task.retried", id: "a" }], { groups: "unknown" }, asked), [
    ["task.retried", "a", { group: "group of a" }],
  ]);
  assertEquals(told([{ type: "task.retried", id: "a" }], { groups: "unknown" }), [["task.retried", "a", {}]]);
  assertEquals(told([{ type: "task.retried", id: "a" }], {}, asked), [["task.retried", "a", {}]]);
  const created: Event[] = [{ type: "tasks.created", tasks: [newTask("a")] }, { type: "task.retried", id: "a" }];
  assertEquals(told(created, { groups: "unknown" }, asked)[1], ["task.retried", "a", {}]);
});

test("the cause of a failure is structured; of old records it is told only where it is certain", () => {
  const cause = (events: readonly Event[]) =>
    told(events).filter(([type]) => type === "task.failed").map(([, , data]) => (data as { cause?: string }).cause);
  const failure: Event = { type: "tasks.abandoned", tasks: [{ id: "a", error: "e" }] };
  assertEquals(cause([EVENTS[7]!]), ["reported"]);
  assertEquals(cause([EVENTS[9]!]), ["attempts"]);
  assertEquals(cause([EVENTS[14]!]), ["deadline"]);
  assertEquals(cause([failure]), ["dependencies"]);
  assertEquals(cause([{ type: "task.overdue", id: "other" }, failure]), ["dependencies"]);
  assertEquals(cause([{ type: "task.overdue", id: "a" }, failure]), [undefined]);
});

test("a filter selects what is about a task, an instance or a group, or of some types", () => {
  const selected = (filter: HistoryFilter) =>
    notificationsOf(recordOf(EVENTS), { source: SOURCE }).filter((each) => isSelected(each, filter))
      .map(({ type, subject }) => `${nameOf(type)} ${subject}`);
  assertEquals(selected({ task: "a" }), ["task.created a", "task.deleted a"]);
  // A template has the same name.
  assertEquals(selected({ task: "t" }), []);
  assertEquals(selected({ instance: "x", types: ["task.claimed", "instance.left"] }), [
    "task.claimed b",
    "instance.left x",
  ]);
  assertEquals(selected({ group: "g" }), [
    "task.created b",
    "task.updated b",
    "group.created g",
    "group.updated g",
    "group.deleted g",
  ]);
  assertEquals(selected({ group: "h", types: ["task.imported", "task.updated"] }), [
    "task.imported old",
    "task.updated b",
  ]);
  assertEquals(selected({}).length, notificationsOf(recordOf(EVENTS), { source: SOURCE }).length);
});

test("a record whose notification a filter selects has the keys of the filter", () => {
  const groupOf = () => "asked";
  let count = 0;
  for (const groups of [undefined, "unknown"] as const) {
    for (const events of [EVENTS, ...EVENTS.map((event) => [event])]) {
      const record = recordOf(events, groups && { groups });
      const keys = new Set(keysOfRecord(record));
      for (const each of notificationsOf(record, { source: SOURCE, groupOf })) {
        const { subject, data: { group, previousGroup, instance } } = each;
        const filters: HistoryFilter[] = [
          ...(subject !== undefined ? [{ task: subject }] : []),
          { types: [nameOf(each.type), "task.created"] },
          ...(group !== undefined ? [{ group }] : []),
          ...(previousGroup !== undefined ? [{ group: previousGroup }] : []),
          ...(instance !== undefined && subject !== undefined ? [{ instance, task: subject }] : []),
        ];
        for (const filter of filters.filter((filter) => isSelected(each, filter))) {
          count++;
          for (const list of keysOfFilter(filter)) assert(list.some((key) => keys.has(key)), JSON.stringify(filter));
        }
      }
    }
  }
  assert(count > 100, String(count));
});
