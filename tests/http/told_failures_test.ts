/** Shows that names of files in failures of the store reach admins and the log only, on every surface. */

import { assert, assertEquals } from "@std/assert";
import { Unavailable, type UnavailableCode } from "../../src/app/ports.ts";
import { type Caller, ROLES } from "../../src/core/model/access.ts";
import { MemoryJournal } from "../../src/store/memory/memory_journal.ts";
import { callOf, McpEndpoint } from "../support/mcp_over_http.ts";
import { startRest } from "../support/rest.ts";

const FILE = "/srv/data/journal/0000000001.jsonl";

/** A journal that cannot be used, once a test says so. */
class BrokenJournal extends MemoryJournal {
  failure: UnavailableCode | undefined;

  override async transact(...args: Parameters<MemoryJournal["transact"]>) {
    this.#failIfTold();
    return await super.transact(...args);
  }

  override async *read(...args: Parameters<MemoryJournal["read"]>) {
    this.#failIfTold();
    yield* super.read(...args);
  }

  #failIfTold(): void {
    if (this.failure !== undefined) throw new Unavailable(this.failure, `Cannot use ${FILE}`);
  }
}

const CODES = ["busy", "storage_failed", "outcome_unknown", "journal_damaged", "newer_version"] as const;

for (const role of ROLES) {
  const told = role === "admin" ? "names its file" : "does not name its file";
  Deno.test(`a failure of the store ${told} to a caller that is ${role}, but in the log`, async () => {
    for (const code of CODES) {
      const journal = new BrokenJournal(Date.now);
      const caller: Caller = { name: "http", role };
      const who = { caller, instance: undefined };
      await using rest = await startRest({ journal, caller });
      await using endpoint = await McpEndpoint.start({ journal });
      const headers = await endpoint.open(who);
      const read = { jsonrpc: "2.0", id: 2, method: "resources/read", params: { uri: "orchestrator://tasks" } };
      journal.failure = code;
      const responses = [
        await rest.request("GET", "/tasks"),
        await rest.request("GET", "/graph"),
        await rest.request("GET", "/events"),
        await endpoint.post(callOf(1, "get_task_status"), { headers, who }),
        await endpoint.post(read, { headers, who }),
      ];
      for (const response of responses) {
        const text = await response.text();
        assertEquals(text.includes(FILE), role === "admin", text);
      }
      for (const { warnings } of [rest.log, endpoint.log]) {
        assert(role === "admin" || warnings.some((line) => line.includes(FILE)), `${warnings}`);
      }
      journal.failure = undefined;
    }
  });
}
