/** Fails if anything of a run does not hold. */

import { assert, assertEquals } from "@std/assert";
import { describeViolation } from "../history/report.ts";
import type { Ran } from "./run.ts";

export function assertHolds({ history, findings, warnings }: Ran): void {
  const violations = findings.flatMap(({ what, violations }) => {
    return violations.slice(0, 1).map((violation) => [what, ...describeViolation(violation, history)].join("\n"));
  });
  assertEquals(violations, [], warnings.join("\n"));
  const isUnavailable = history.calls.map(({ end }) => end?.outcome.type === "unavailable");
  assert(isUnavailable.filter(Boolean).length < history.calls.length / 2, "most calls are carried out or refused");
}
