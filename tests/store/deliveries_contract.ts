/** What every store promises of deliveries: the suite that each has to pass. */

import { assertEquals } from "@std/assert";
import type { Deliveries } from "../../src/app/ports.ts";
import { times } from "../core/given.ts";

/** A process that shares a fresh store. */
export interface DeliveriesProcess {
  readonly deliveries: Deliveries;
  /** Ends the process with whatever it holds, as kill -9 does. */
  kill(): void;
}

export interface DeliveriesContractOptions {
  readonly permissions: Deno.PermissionOptions;
  /** Returns a function that starts another process on the same store. */
  readonly make: () => Promise<AsyncDisposable & { start(): DeliveriesProcess }>;
}

export function testDeliveries(name: string, { permissions, make }: DeliveriesContractOptions): void {
  function test(what: string, check: (start: () => DeliveriesProcess) => Promise<void>): void {
    Deno.test({
      name: `${name}: ${what}`,
      permissions,
      async fn() {
        await using subject = await make();
        await check(() => subject.start());
      },
    });
  }

  test("every process reads the text saved last, however long it is", async (start) => {
    const [one, other] = times(2, () => start().deliveries);
    assertEquals([await one?.load("w-1"), await one?.names()], [undefined, []]);
    for (const text of ["{}", "ü".repeat(300_000), ""]) {
      await one?.save("w-1", text);
      assertEquals(await other?.load("w-1"), text);
    }
    await other?.save("w_2", "2");
    assertEquals((await one?.names())?.toSorted(), ["w-1", "w_2"]);
    await one?.remove("w-1");
    await one?.remove("never");
    assertEquals([await other?.load("w-1"), await other?.names()], [undefined, ["w_2"]]);
  });

  test("one process leads under a name until it gives the lead up", async (start) => {
    const [one, other] = times(2, () => start().deliveries);
    const lead = await one?.lead("a");
    for (let tries = 0; tries < 3; tries++) {
      assertEquals([await other?.lead("a"), await one?.lead("a")], [undefined, undefined]);
    }
    await using _b = await other?.lead("b");
    await lead?.[Symbol.asyncDispose]();
    const next = await other?.lead("a");
    assertEquals(next !== undefined, true);
    assertEquals(await one?.lead("a"), undefined);
    await next?.[Symbol.asyncDispose]();
    await using _again = await one?.lead("a");
    assertEquals(await other?.lead("a"), undefined);
    assertEquals(await one?.names(), []);
  });

  test("the lead is free once its process has died, and what was saved is there", async (start) => {
    const [one, other, third] = times(3, start);
    await one?.deliveries.lead("a");
    await one?.deliveries.save("a", "1");
    assertEquals(await other?.deliveries.lead("a"), undefined);
    one?.kill();
    await using lead = await other?.deliveries.lead("a");
    assertEquals([lead !== undefined, await other?.deliveries.load("a")], [true, "1"]);
    assertEquals(await third?.deliveries.lead("a"), undefined);
  });

  test("however many processes compete, one leads", async (start) => {
    const processes = times(8, start);
    for (let round = 0; round < 5; round++) {
      const leads = await Promise.all(processes.map(({ deliveries }) => deliveries.lead("a")));
      const [leader, ...others] = leads.filter((lead) => lead !== undefined);
      assertEquals([leader !== undefined, others.length], [true, 0]);
      await leader?.[Symbol.asyncDispose]();
    }
  });
}
