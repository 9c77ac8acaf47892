/** Shows that the checks of a share of a group pass a good history, and find what is wrong with each doctored one. */

import { assertEquals } from "@std/assert";
import type { Event } from "../../../src/core/messages/events.ts";
import { claimed, completed, created, history } from "../history.ts";
import { checkParallel, checkShare } from "./share.ts";

const MEMBERS = ["a", "b", "c"].map((id) => ({ id, group: "g" }));

/** Two of three are done when the report is claimed, and two run at the same time. */
const GOOD: readonly Event[] = [
  { type: "group.created", group: { id: "g", maxParallel: 2 } },
  created(...MEMBERS, { id: "report" }),
  claimed("a", "ada"),
  claimed("b", "ben"),
  completed("a", "ada"),
  completed("b", "ben"),
  claimed("report", "ada"),
  claimed("c", "ben"),
  completed("c", "ben"),
];

Deno.test({
  name: "coordination: a share of a group is found to be enough, or what is wrong with it",
  permissions: "none",
  fn() {
    complainsOfShare(GOOD, []);
    complainsOfShare(GOOD.toSpliced(5, 1), ["1 of 3 is less than 60%", "the rest was never done"]);
    complainsOfShare([...GOOD.toSpliced(6, 1), ...GOOD.slice(6, 7)], ["all were done by then"]);
    complainsOfShare(GOOD.slice(0, -1), ["the rest was never done"]);
    complainsOfShare(GOOD.toSpliced(6, 1), ["report was never claimed"]);
  },
});

Deno.test({
  name: "coordination: a limit of parallel tasks is found to be kept, or what is wrong with it",
  permissions: "none",
  fn() {
    complainsOfParallel(GOOD, []);
    complainsOfParallel(GOOD.slice(1), ["nobody said that at most 2 tasks of g may run"]);
    complainsOfParallel(GOOD.toSpliced(4, 0, claimed("c", "cleo")), ["3 tasks of g ran at the same time"]);
    complainsOfParallel(GOOD.toSpliced(3, 1), ["never more than 1 ran"]);
  },
});

function complainsOfShare(events: readonly Event[], expected: readonly string[]): void {
  assertEquals(checkShare(history(events), { group: "g", task: "report", percent: 60 }).complaints, expected);
}

function complainsOfParallel(events: readonly Event[], expected: readonly string[]): void {
  assertEquals(checkParallel(history(events), { group: "g", most: 2 }).complaints, expected);
}
