/** Shows that the checks of an applied template pass a good history, and find what is wrong with each doctored one. */

import { assertEquals } from "@std/assert";
import type { Event, JournalRecord } from "../../../src/core/messages/events.ts";
import { claimed, completed, created, history } from "../history.ts";
import { checkApplied, checkGroupDone } from "./template.ts";

const GROUP: Event = { type: "group.created", group: { id: "g", template: { name: "feature", version: 1 } } };
const BUILD = { id: "g/build", group: "g", description: "Build it: fly" };
const MEND = { id: "g/mend", group: "g", description: "Mend it: fly" };

const GOOD: readonly Event[] = [
  created(BUILD, MEND),
  claimed("g/build", "ada"),
  completed("g/build", "ada"),
  { type: "tasks.skipped", tasks: [{ id: "g/mend", because: "" }] },
];

const ANSWER = { status: "done", percent: 100, total: 2 };

Deno.test({
  name: "coordination: an applied template is found to be good, or what is wrong with it",
  permissions: "none",
  fn() {
    complainsOfTemplate([applied(GROUP, created(BUILD, MEND))], []);
    complainsOfTemplate(history([GROUP, created(BUILD, MEND)]), ["the template feature made no tasks"]);
    complainsOfTemplate([], ["the template feature made no tasks"]);
    complainsOfTemplate([applied(GROUP, created({ ...BUILD, group: "h" }, { ...MEND, id: "mend" }))], [
      "g/build is not in the group g",
      "mend is not in the group g",
    ]);
    complainsOfTemplate([applied(GROUP, created({ ...BUILD, description: "Build it: {{goal}}" }, MEND))], [
      "the description of g/build is not filled in",
    ]);
    complainsOfTemplate([applied(GROUP, created(BUILD, { ...MEND, description: "Mend it, {{check}}: fly" }))], [
      "the description of g/mend is not filled in",
    ]);
  },
});

Deno.test({
  name: "coordination: a group is found to be done, or what is wrong with it",
  permissions: "none",
  fn() {
    complainsOfGroup(GOOD, []);
    complainsOfGroup(GOOD.slice(0, 2), ["g/build is in_progress", "g/mend is pending"]);
    complainsOfGroup([...GOOD.slice(0, 3), completed("g/mend", "ada")], ["g/mend is completed"]);
    complainsOfGroup(GOOD, ["get_groups says open, 50 % of 2"], { ...ANSWER, status: "open", percent: 50 });
    complainsOfGroup(GOOD, ["get_groups says done, 100 % of 3"], { ...ANSWER, total: 3 });
  },
});

function applied(...events: readonly Event[]): JournalRecord {
  return { seq: 1, at: 1, actor: "test", command: "apply_template", events };
}

function complainsOfTemplate(records: readonly JournalRecord[], expected: readonly string[]): void {
  const check = checkApplied(records, { template: "feature", group: "g", goal: "fly" });
  assertEquals(check.complaints, expected);
}

function complainsOfGroup(events: readonly Event[], expected: readonly string[], answer = ANSWER): void {
  const check = checkGroupDone(history(events), { group: "g", skipped: ["g/mend"], answer });
  assertEquals(check.complaints, expected);
}
