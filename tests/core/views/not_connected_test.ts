/** Shows that an agent whose client was restarted is told under which ids it may have held tasks, and nobody else is. */

import { type Caller, localOperator } from "../../../src/core/model/access.ts";
import { instanceName } from "../../../src/core/model/instance_name.ts";
import type { State } from "../../../src/core/state/state.ts";
import { hintToFormerIds, hintToHolder } from "../../../src/core/views/not_connected.ts";
import { create, newTask, run, stateAfter, taskOf, taskWith, times } from "../given.ts";
import { assertEquals } from "@std/assert";

const FORMER = instanceName("Claude Code", ["amber", "otter"]);
const PRESENT = instanceName("Claude Code", ["deer", "fox"]);

function clientIn(session: string, name = "Claude Code"): Caller {
  return localOperator(name, { transport: "stdio", client: name, session });
}

/** Instances that each hold a task that was claimed in a session of the same id. */
function held(...instances: readonly string[]): State {
  const state = stateAfter(create(...instances.map((id) => newTask(`of ${id}`))));
  for (const id of instances) run(state, { type: "claim_task", instance: id }, 5, {}, clientIn(id));
  return state;
}

function end(state: State, session: string): void {
  run(state, { type: "end_session", session, how: "lost", graceMs: 100 }, 6);
}

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

test("an instance is told of those that have an id like its own, and are not connected any more", () => {
  const state = held(FORMER);
  const hint = (instance: string, client?: string) => hintToFormerIds(state, instance, clientIn("new", client));
  assertEquals(hint(PRESENT), "", "it is connected");
  end(state, FORMER);
  assertEquals(
    hint(PRESENT),
    `not connected, but holding tasks: ${FORMER} (of ${FORMER}): if that was you, give this instance_id`,
  );
  assertEquals(hint("worker-1"), "", "it has given an id, and knows it");
  assertEquals(hint(instanceName("cursor", ["deer", "fox"]), "cursor"), "", "of another client");
  assertEquals(hint(FORMER), "", "it is the same one");
  const answer = run(state, { type: "claim_task", instance: PRESENT }, 7, {}, clientIn("new")).answer;
  assertEquals(answer.task === undefined && answer.none.message.endsWith(`; ${hint(PRESENT)}`), true);
  run(state, create(newTask("b"), newTask("c")), 8);
  const claim = (instance: string) => run(state, { type: "claim_task", instance }, 9, {}, clientIn("new")).answer;
  assertEquals([claim(PRESENT).formerIds, claim(PRESENT).formerIds], [hint(PRESENT), undefined]);
});

test("ids that somebody gave are not told, nor those of instances that hold a task in a connected client", () => {
  const state = held("worker-1", "claude-code-1", "claude-code", "claude-code-a-b-c", FORMER);
  for (const id of ["worker-1", "claude-code-1", "claude-code", "claude-code-a-b-c", FORMER]) end(state, id);
  run(state, create(newTask("more")), 8);
  run(state, { type: "claim_task", instance: FORMER, id: "more" }, 9, {}, clientIn("back"));
  assertEquals(hintToFormerIds(state, PRESENT, clientIn("new")), "");
});

test("the first three are told, each with its first task and the number of the others", () => {
  const ids = times(
    4,
    (index) => instanceName("Claude Code", ["amber", ["crow", "dove", "hawk", "wolf"][index] ?? ""]),
  );
  const state = held(...ids.toReversed());
  const [first = ""] = ids;
  run(state, create(newTask("more")), 6);
  run(state, { type: "claim_task", instance: first }, 7, {}, clientIn(first));
  for (const id of ids) end(state, id);
  assertEquals(
    hintToFormerIds(state, PRESENT, clientIn("new")),
    `not connected, but holding tasks: ${first} (of ${first} and 1 more), ${ids[1]} (of ${ids[1]}), ` +
      `${ids[2]} (of ${ids[2]}): if that was you, give this instance_id`,
  );
});

test("whoever asks for a task is told that its holder is not connected, with or without timeout_ms", () => {
  const state = stateAfter(create(newTask("a"), taskWith({ timeoutMs: 1_000 }, "b")));
  for (const _ of ["a", "b"]) run(state, { type: "claim_task", instance: "x" }, 5, {}, clientIn("s"));
  const hints = () => ["a", "b"].map((id) => hintToHolder(taskOf(state, id)));
  assertEquals(hints(), ["", ""]);
  end(state, "s");
  assertEquals(hints(), times(2, () => "; x is not connected: if that was you, give instance_id x"));
  run(state, { type: "heartbeat", instance: "x" }, 7, {}, clientIn("t"));
  assertEquals(hints(), ["", ""]);
});
