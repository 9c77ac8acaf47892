/** What every store promises of sessions: the suite that each has to pass. */

import { assertEquals } from "@std/assert";
import type { Sessions } from "../../src/app/ports.ts";
import { times } from "../core/given.ts";

/** A process that shares a fresh store. */
export interface SessionsProcess {
  readonly sessions: Sessions;
  /** Ends the process with whatever it holds, as kill -9 does. */
  kill(): void;
}

export interface SessionsContractOptions {
  readonly permissions: Deno.PermissionOptions;
  /** Returns a function that starts another process on the same store. */
  readonly make: () => Promise<AsyncDisposable & { start(): SessionsProcess }>;
}

export function testSessions(name: string, { permissions, make }: SessionsContractOptions): void {
  function test(what: string, check: (start: () => SessionsProcess) => Promise<void>): void {
    Deno.test({
      name: `${name}: ${what}`,
      permissions,
      async fn() {
        await using subject = await make();
        await check(() => subject.start());
      },
    });
  }

  test("a session that was never opened is dead", async (start) => {
    const { sessions } = start();
    assertEquals(await sessions.dead([]), []);
    assertEquals(await sessions.dead(["never", "../journal", ""]), ["never", "../journal", ""]);
  });

  test("a session lives until it is disposed of, for every process", async (start) => {
    const [one, other] = [start(), start()];
    {
      await using _ = await one.sessions.open("s");
      for (let looks = 0; looks < 3; looks++) {
        for (const { sessions } of [one, other]) assertEquals(await sessions.dead(["s", "t"]), ["t"]);
      }
    }
    for (const { sessions } of [one, other]) assertEquals(await sessions.dead(["s", "t"]), ["s", "t"]);
  });

  test("what a process tells about itself does not decide whether its session lives", async (start) => {
    const [one, other] = [start(), start()];
    const about = { pid: 1, version: "1", format: 1, transport: "stdio" as const, startedAt: 1 };
    {
      await using session = await one.sessions.open("s");
      for (const client of ["a", "b".repeat(1_000), "c"]) await session.describe({ ...about, client });
      assertEquals(await other.sessions.dead(["s"]), []);
    }
    assertEquals(await other.sessions.dead(["s"]), ["s"]);
  });

  test("a session dies with its process, and no other does", async (start) => {
    const processes = times(4, start);
    for (const [index, { sessions }] of processes.entries()) await sessions.open(`s${index}`);
    const all = times(4, (index) => `s${index}`);
    const [first, second, third] = processes;
    assertEquals(await third?.sessions.dead(all), []);
    first?.kill();
    assertEquals(await third?.sessions.dead(all), ["s0"]);
    second?.kill();
    assertEquals(await third?.sessions.dead(all), ["s0", "s1"]);
    assertEquals(await third?.sessions.dead(all), ["s0", "s1"]);
    assertEquals(await processes[3]?.sessions.dead(all), ["s0", "s1"]);
  });

  test("a start leaves live sessions alone, however many dead ones there are", async (start) => {
    const live = start();
    await using _ = await live.sessions.open("live");
    for (let count = 0; count < 20; count++) {
      const process = start();
      await process.sessions.open(`dead${count}`);
      process.kill();
    }
    const next = start();
    await using _next = await next.sessions.open("next");
    for (const { sessions } of [live, next]) assertEquals(await sessions.dead(["next", "dead3", "live"]), ["dead3"]);
  });

  test("a session that was disposed of can be opened again", async (start) => {
    const [one, other] = [start(), start()];
    await (await one.sessions.open("s"))[Symbol.asyncDispose]();
    assertEquals(await other.sessions.dead(["s"]), ["s"]);
    await using _ = await one.sessions.open("s");
    assertEquals(await other.sessions.dead(["s"]), []);
  });
}
