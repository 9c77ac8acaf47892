/** Shows that the scenario passes with the plain SDK client, and finds clients that change calls or hide answers. */

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { type Json, type Server, startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";
import type { Answer, Calls } from "./calls.ts";
import { carryOut, FINAL_STATUSES, StepError } from "./scenario.ts";

Deno.test("the SDK's client carries out the scenario, and the tasks end as it says", async () => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  await carryOut(plain(server));
  for (const [id, status] of Object.entries(FINAL_STATUSES)) {
    assertEquals((await server.ask("get_task_details", { task_id: id }))["status"], status, id);
  }
});

/** Faults of clients, with the step that finds each. */
const FAULTS: readonly {
  readonly name: string;
  readonly step: string;
  readonly says: string;
  readonly distort: (calls: Calls) => Calls;
}[] = [
  {
    name: "loses dependencies",
    step: "plan",
    says: "build",
    distort: (calls) => ({ call: (tool, args) => calls.call(tool, withoutDependencies(args)) }),
  },
  {
    name: "answers in its own words",
    step: "plan",
    says: "create_tasks answered no JSON: done",
    distort: (calls) => ({
      call: async (tool, args) => {
        const answer = await calls.call(tool, args);
        return "text" in answer ? { text: "done" } : answer;
      },
    }),
  },
  {
    name: "does not send texts that look like JSON",
    step: "complete",
    says: "complete_task failed: ",
    distort: (calls) => ({
      call: (tool, args) => calls.call(tool, tool === "complete_task" ? { ...args, result: null } : args),
    }),
  },
  {
    name: "hides why a call was refused",
    step: "refusal",
    says: "Task fix is not assigned to instance worker-2",
    distort: (calls) => ({
      call: async (tool, args) => {
        const answer = await calls.call(tool, args);
        return "error" in answer ? { error: "An error occurred" } : answer;
      },
    }),
  },
];

for (const { name, step, says, distort } of FAULTS) {
  Deno.test(`a client that ${name} fails at ${step}`, async () => {
    await using directory = await temporaryDirectory();
    await using server = await startServer(directory.path);
    const error = await assertRejects(() => carryOut(distort(plain(server))), StepError);
    assertEquals(error.step, step);
    assertStringIncludes(error.message, says);
  });
}

/** The SDK's client, which gives the model the text of each answer. */
function plain(server: Server): Calls {
  return {
    async call(tool, args): Promise<Answer> {
      const { content, isError } = await server.call(tool, args);
      const text = content[0]?.type === "text" ? content[0].text : "";
      return isError === true ? { error: text } : { text };
    },
  };
}

function withoutDependencies(args: Json): Json {
  return JSON.parse(JSON.stringify(args, (key, value) => key === "dependencies" ? undefined : value));
}
