/** Shows that messages for agents name commands when a person reads them. */

import { assertEquals } from "@std/assert";
import { inCommands } from "../../../src/cli/person/wording.ts";

Deno.test({
  name: "tools that have a command are named by it, and the others stay",
  permissions: "none",
  fn() {
    const cases = {
      "what would help: retry_task a; or get_next_task with task_id b by an instance with id x":
        "what would help: retry a; or next b by an instance with id x",
      "complete_task, fail_task or cancel_task b by bob": "done, fail_task or cancel b by bob",
      "wait for the planner: get_next_task with wait_ms": "wait for the planner: next, later",
      "get_task_status lists the tasks that exist": "status lists the tasks that exist",
      "create_tasks": "create_tasks",
    };
    for (const [message, shown] of Object.entries(cases)) assertEquals(inCommands(message), shown);
  },
});
