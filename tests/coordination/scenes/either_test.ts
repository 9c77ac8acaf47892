/** Shows that the check of a join of branches passes a good history, and finds what is wrong with each doctored one. */

import { assertEquals } from "@std/assert";
import type { Event } from "../../../src/core/messages/events.ts";
import { claimed, completed, created, history } from "../history.ts";
import { checkOneBranch } from "./either.ts";

const JOIN = { id: "join", dependencies: [{ any: ["dead", "alive"] }] };

const GOOD: readonly Event[] = [
  created({ id: "dead" }, { id: "alive" }, JOIN),
  { type: "tasks.skipped", tasks: [{ id: "dead", because: "" }] },
  claimed("alive", "ada"),
  completed("alive", "ada"),
  claimed("join", "ada"),
  completed("join", "ada"),
];

Deno.test({
  name: "coordination: a join of branches is found to be good, or what is wrong with it",
  permissions: "none",
  fn() {
    complains(GOOD, []);
    complains(GOOD.toSpliced(1, 1), ["dead was not skipped when join was claimed"]);
    complains([...GOOD.toSpliced(1, 1), ...GOOD.slice(1, 2)], ["dead was not skipped when join was claimed"]);
    complains(GOOD.slice(0, -1), ["join was not completed"]);
    complains(GOOD.with(0, created({ id: "dead" }, { id: "alive" }, { ...JOIN, dependencies: ["alive"] })), [
      "join does not depend on any of several tasks",
    ]);
  },
});

function complains(events: readonly Event[], expected: readonly string[]): void {
  assertEquals(checkOneBranch(history(events), { join: "join", deadEnd: "dead" }).complaints, expected);
}
