/** Shows that calls that arrive together are carried out together: each transaction costs a write to the disk. */

import { assertEquals } from "@std/assert";
import { MemoryJournal } from "../../src/store/memory/memory_journal.ts";
import { FakeTime } from "../support/fake_time.ts";
import { connect } from "../support/connected.ts";

class CountingJournal extends MemoryJournal {
  transactions = 0;

  override transact(...args: Parameters<MemoryJournal["transact"]>) {
    this.transactions++;
    return super.transact(...args);
  }
}

Deno.test("calls that arrive together share a transaction, in their order", async () => {
  const journal = new CountingJournal(Date.now);
  await using server = await connect({ journal });
  // Time stands still, so that a transaction takes up all calls on a busy machine, too.
  using _time = new FakeTime();
  for (const count of [1, 2, 3, 100]) {
    journal.transactions = 0;
    const ids = Array.from({ length: count }, (_, n) => `${count} ${n}`);
    const results = await Promise.all(ids.map((id) => server.call("create_task", { id, description: "" })));
    assertEquals(results.map(({ structuredContent }) => structuredContent?.["id"]), ids);
    assertEquals(journal.transactions, 1, `${count} calls`);
  }
});
