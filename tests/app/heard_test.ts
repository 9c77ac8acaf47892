/** Shows which calls tell when an instance was last heard of, and that of too many the one silent for longest is forgotten. */

import { localOperator } from "../../src/core/model/access.ts";
import { assertEquals } from "@std/assert";
import { Engine } from "../../src/app/engine.ts";
import { ORCHESTRATOR } from "../../src/app/job.ts";
import { Heard } from "../../src/app/heard.ts";
import type { Command } from "../../src/core/messages/commands.ts";
import { MAX_ID_CHARACTERS, MAX_INSTANCES } from "../../src/core/model/limits.ts";
import { MemoryJournal, noCheckpoints } from "../../src/store/memory/memory_journal.ts";
import { claim, complete, create, fail, newTask, release, times } from "../core/given.ts";
import { RecordingLog } from "../support/log.ts";

interface Scene {
  /** Milliseconds since the Unix epoch. */
  now: number;
  readonly engine: Engine;
  readonly heard: Heard;
}

async function startScene(): Promise<Scene> {
  const clock = { now: 0 };
  const now = () => clock.now;
  const log = new RecordingLog();
  const engine = await Engine.start({ journal: new MemoryJournal(now), checkpoints: noCheckpoints, log });
  return Object.assign(clock, { engine, heard: new Heard(engine) });
}

function test(name: string, act: (scene: Scene) => Promise<void> | void): void {
  Deno.test({ name, permissions: "none", fn: async () => await act(await startScene()) });
}

test("with too many instances, the one that has been silent the longest is dropped", ({ heard }) => {
  const ids = times(MAX_INSTANCES, (index) => `i${index}`);
  for (const id of ids) heard.note(id, localOperator("test"));
  // Some of the first make another call.
  for (const id of ["i0", "i2", "i4"]) heard.note(id, localOperator("test"));
  for (const [id, forgotten] of [["x", "i1"], ["y", "i3"], ["z", "i5"]] as const) {
    assertEquals([heard.at(id), heard.at(forgotten)], [undefined, 0]);
    heard.note(id, localOperator("test"));
    assertEquals([heard.at(id), heard.at(forgotten)], [0, undefined]);
  }
  assertEquals(["i0", "i2", "i4", "i6"].map((id) => heard.at(id)), [0, 0, 0, 0]);
});

test("a time never goes back, and an invalid id is not kept", (scene) => {
  const { heard } = scene;
  for (const [now, expected] of [[5, 5], [3, 5], [7, 7]] as const) {
    scene.now = now;
    heard.note("ann", localOperator("test"));
    assertEquals(heard.at("ann"), expected);
  }
  const longest = "🦕".repeat(MAX_ID_CHARACTERS);
  for (const id of [longest, `${longest}!`]) heard.note(id, localOperator("test"));
  assertEquals([heard.at(longest), heard.at(`${longest}!`)], [7, undefined]);
});

test("calls by an instance in any process count, but not calls in its name or those that keep it alive while it waits", async (scene) => {
  const { engine, heard } = scene;
  const settings = { ttlMs: 50 };
  const calls: readonly (readonly [isHeard: boolean, command: Command, actor?: string])[] = [
    [false, create(newTask("a"), newTask("b"))],
    [true, { type: "register_instance", instance: "ann", settings }],
    [true, claim("ann", "a")],
    [true, { type: "report_progress", id: "a", instance: "ann", percent: 1 }],
    [false, release("ann", "a")],
    [true, claim("ann", "a")],
    [true, complete("ann", "a")],
    [true, claim("ann", "b")],
    [true, fail("ann", "b")],
    [true, { type: "heartbeat", instance: "ann" }],
    [false, { type: "heartbeat", instance: "ann" }, ORCHESTRATOR.name],
    [false, { type: "leave", instance: "ann" }],
  ];
  for (const [isHeard, command, actor = "test"] of calls) {
    const before = heard.at("ann");
    // So long that each sign of life is due, and yet nothing is over.
    scene.now += 40;
    await engine.execute(command, localOperator(actor));
    assertEquals(heard.at("ann"), isHeard ? scene.now : before, `${command.type} by ${actor}`);
  }
  heard.close();
  scene.now += 40;
  await engine.execute({ type: "register_instance", instance: "ann", settings }, localOperator("test"));
  assertEquals(heard.at("ann"), scene.now - 120);
});
