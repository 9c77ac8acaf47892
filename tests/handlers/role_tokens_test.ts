/** Shows that commands always get a token that is valid for longer than they run, and that none is left over. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { Engine } from "../../src/app/engine.ts";
import { Unavailable } from "../../src/app/ports.ts";
import { localOperator } from "../../src/core/model/access.ts";
import { RoleTokens, type TokenEngine } from "../../src/handlers/role_tokens.ts";
import { MemoryJournal, noCheckpoints } from "../../src/store/memory/memory_journal.ts";
import { RecordingLog } from "../support/log.ts";
import { overriding } from "../support/overriding.ts";

const ADMIN = localOperator("operator");
const HOUR_MS = 60 * 60 * 1_000;
const WORKER = { role: "worker" } as const;

interface Given {
  readonly engine: Engine;
  pass(hours: number): void;
  names(): Promise<readonly string[]>;
}

function test(name: string, act: (given: Given) => Promise<void>): void {
  Deno.test({
    name,
    permissions: "none",
    async fn() {
      let now = 0;
      const journal = new MemoryJournal(() => now);
      const engine = await Engine.start({ journal, checkpoints: noCheckpoints, log: new RecordingLog() });
      await act({
        engine,
        pass: (hours) => now += hours * HOUR_MS,
        async names() {
          return (await engine.query({ type: "list_tokens" }, ADMIN)).map((token) => token.name);
        },
      });
      await engine.close();
    },
  });
}

function start(engine: TokenEngine): Promise<RoleTokens> {
  return RoleTokens.start({ engine, caller: ADMIN, id: "f", handlers: [WORKER] });
}

test("a token is shared while it is valid for long enough, then replaced; the one before goes when it has expired", async (given) => {
  const { engine, pass, names } = given;
  const tokens = await start(engine);
  const [first, same] = await Promise.all([tokens.secretFor(WORKER), tokens.secretFor(WORKER)]);
  assertEquals(first, same);
  pass(10);
  assertEquals(await tokens.secretFor(WORKER), first);
  pass(0.1);
  const second = await tokens.secretFor(WORKER);
  assert(second !== first);
  assertEquals(await names(), ["handler:worker:f-1", "handler:worker:f-1-1"]);
  pass(10.1);
  await tokens.secretFor(WORKER);
  assertEquals(await names(), ["handler:worker:f-1-1", "handler:worker:f-1-2"]);
  await tokens[Symbol.asyncDispose]();
  assertEquals(await names(), []);
});

test("a token that could not be issued is tried again under another name", async ({ engine, pass, names }) => {
  let isFailing = true;
  const failing = overriding<TokenEngine>(engine, {
    async execute(command, caller) {
      const answer = await engine.execute(command, caller);
      if (isFailing && command.type === "issue_token") throw new Unavailable("outcome_unknown", "the disk failed");
      return answer;
    },
  });
  const tokens = await start(failing);
  await assertRejects(() => tokens.secretFor(WORKER), Unavailable);
  isFailing = false;
  await tokens.secretFor(WORKER);
  assertEquals(await names(), ["handler:worker:f-1", "handler:worker:f-1-1"]);
  pass(1);
  await tokens[Symbol.asyncDispose]();
  assertEquals(await names(), []);
});
