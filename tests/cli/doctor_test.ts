/** Shows that `doctor` finds what is wrong with real servers and real files, and changes nothing. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { exists } from "@std/fs";
import type { Finding } from "../../src/cli/doctor_facts.ts";
import { FORMAT_VERSION } from "../../src/store/file/codec.ts";
import { claim, create } from "../support/calls.ts";
import { filesOf } from "../support/files.ts";
import { missingOnWindows, testUnless } from "../support/needs.ts";
import { runHere } from "../support/command.ts";
import { runProgram } from "../support/program.ts";
import { MAIN, startServer } from "../support/server.ts";
import { startService } from "../support/service.ts";
import { temporaryDirectory } from "../support/temp.ts";
import { until } from "../support/until.ts";

interface Report {
  readonly ok: boolean;
  readonly records?: number;
  readonly lock: { readonly isHeld: boolean; readonly pid?: number };
  readonly processes: readonly {
    readonly isLive: boolean;
    readonly pid: number;
    readonly version: string;
    readonly transport: string;
    readonly client?: string;
    readonly calledAt?: string;
  }[];
  readonly deliveries: readonly {
    readonly kind: string;
    readonly name: string;
    readonly isLed: boolean;
    readonly pid?: number;
  }[];
  readonly findings: readonly Finding[];
}

/** Runs doctor with all permissions, unless others are given, and checks its exit code. */
async function examine(
  directory: string,
  { permissions = ["-A"], options = [] }: {
    readonly permissions?: readonly string[];
    readonly options?: readonly string[];
  } = {},
): Promise<Report & { readonly codes: readonly string[] }> {
  const args = ["run", "--quiet", "--no-prompt", ...permissions, MAIN, "--data", directory, "doctor", "--json"];
  const { code, output, log } = await runProgram("", [], { args: [...args, ...options] });
  assertEquals(log, "");
  const report: Report = JSON.parse(output);
  assertEquals(code, report.ok ? 0 : 1);
  return { ...report, codes: report.findings.map((finding) => finding.code) };
}

const WITHOUT_PROC = missingOnWindows("/proc") ??
  (Deno.build.os === "linux" ? undefined : `${Deno.build.os} has no /proc/locks`);

Deno.test("doctor lists the servers on the data, and finds nothing to do where all is well", async () => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path, { name: "claude-code" });
  await create(server, "a");
  await using service = await startService(directory.path);
  await until("the first checkpoint", () => exists(`${directory.path}/state.json`));
  const before = await filesOf(directory.path);
  const permissions = [`--allow-read=${directory.path}`, "--allow-sys=statfs"];
  const report = await examine(directory.path, { permissions });
  assertEquals(await filesOf(directory.path), before);
  assertEquals([report.records, report.lock], [1, { isHeld: false }]);
  const shown = report.processes.map(({ isLive, pid, version, transport, client, calledAt }) => {
    return { isLive, pid, version, transport, client, wasCalled: calledAt !== undefined };
  }).toSorted((a, b) => a.transport.localeCompare(b.transport));
  const { version } = JSON.parse(await Deno.readTextFile(new URL("../../deno.json", import.meta.url)));
  assertEquals(shown, [
    { isLive: true, pid: service.pid, version, transport: "http", client: undefined, wasCalled: false },
    { isLive: true, pid: server.pid, version, transport: "stdio", client: "claude-code", wasCalled: true },
  ]);
  assertEquals(report.codes, ["holders_unknown"]);
  const { output } = await runHere(directory.path, ["doctor", "--verify"]);
  assertStringIncludes(output, "Journal:    1 record, ");
  assertStringIncludes(output, "; all were checked");
  assertStringIncludes(output, "claude-code");
});

testUnless(WITHOUT_PROC, "doctor tells servers that are stopped, killed, or in the way, by their numbers")(async () => {
  await using directory = await temporaryDirectory();
  await using stopped = await startServer(directory.path);
  await using killed = await startServer(directory.path);
  await create(killed, "held");
  await claim(killed, "held");
  const { pid } = stopped;
  Deno.kill(pid, "SIGSTOP");
  try {
    Deno.kill(killed.pid, "SIGKILL");
    await killed.ended;
    using lock = await Deno.open(`${directory.path}/lock`);
    await lock.lock(true);
    const { codes, findings, processes, lock: { isHeld, pid: holder } } = await examine(directory.path);
    assertEquals(codes, ["lock_held", "process_stopped", "holders_gone", "dead_sessions"]);
    assertEquals([isHeld, holder], [true, Deno.pid]);
    assertEquals(processes.map(({ isLive }) => isLive).sort(), [false, true]);
    const messages = findings.map(({ message }) => message);
    assertStringIncludes(messages[1] ?? "", `Process ${pid} (version `);
    assertStringIncludes(messages[2] ?? "", "held (ann, attempt 1)");
    assertEquals((await examine(directory.path)).codes, codes, "it removes nothing");
  } finally {
    Deno.kill(pid, "SIGCONT");
  }
});

testUnless(missingOnWindows("file modes"), "doctor names what others may read")(async () => {
  await using directory = await temporaryDirectory();
  await runHere(directory.path, ["token", "issue", "--name", "x", "--role", "worker"]);
  const path = `${directory.path}/state.json`;
  await Deno.chmod(path, 0o644);
  // Nobody else gets into the directory.
  assertEquals((await examine(directory.path)).codes, []);
  await Deno.chmod(`${directory.path}/journal/0000000001.jsonl`, 0o666);
  await Deno.writeTextFile(`${directory.path}/.gitignore`, "*", { mode: 0o644 });
  await Deno.chmod(directory.path, 0o755);
  const { codes, findings } = await examine(directory.path);
  assertEquals(codes, ["readable_by_others"]);
  assertEquals(findings[0]?.message, `Other users of this machine may read ${path} (644)`);
  await Deno.chmod(`${directory.path}/journal`, 0o711);
  assertStringIncludes((await examine(directory.path)).findings[0]?.message ?? "", "/journal/0000000001.jsonl (666)");
  await Deno.chmod(path, 0o640);
  // A directory to which its group may write is shared on purpose.
  await Deno.chmod(directory.path, 0o770);
  assertEquals((await examine(directory.path)).codes, []);
});

Deno.test("doctor tells processes of other versions, also those that tell nothing", async () => {
  await using directory = await temporaryDirectory();
  await runHere(directory.path, ["token", "issue", "--name", "x", "--role", "worker"]);
  await Deno.mkdir(`${directory.path}/sessions`, { mode: 0o700 });
  await using stack = new AsyncDisposableStack();
  const about = { pid: 1, version: "1.3.9", format: FORMAT_VERSION - 1, transport: "stdio", startedAt: 0 };
  for (const [name, text] of [["old", JSON.stringify(about)], ["empty", ""], ["half", '{"pid":']] as const) {
    const file = stack.use(
      await Deno.open(`${directory.path}/sessions/${name}`, { create: true, write: true, mode: 0o600 }),
    );
    await file.write(new TextEncoder().encode(text));
    await file.lock(true);
  }
  const { codes } = await examine(directory.path);
  assertEquals(codes, ["older_process", "unknown_version", "unknown_version"]);
});

Deno.test("doctor finds a damaged journal and checkpoint, what was set aside, a pause, and a service without an admin", async () => {
  await using directory = await temporaryDirectory();
  await using _service = await startService(directory.path, { needsToken: true });
  await runHere(directory.path, ["token", "revoke", "admin"]);
  await runHere(directory.path, ["token", "issue", "--name", "x", "--role", "worker", "--expires", "P2D"]);
  await runHere(directory.path, ["pause", "--reason", "look"]);
  await Deno.mkdir(`${directory.path}/repaired-1`);
  assertEquals((await examine(directory.path)).codes, ["no_admin_token", "paused", "token_expires", "set_aside"]);
  const [journal, state] = ["journal/0000000001.jsonl", "state.json"].map((name) => `${directory.path}/${name}`);
  assert(journal !== undefined && state !== undefined);
  const text = await Deno.readTextFile(journal);
  await Deno.writeTextFile(journal, text.replace('"look"', '"hook"'));
  // The checkpoint spares a start reading the part that was changed.
  const { codes } = await examine(directory.path, { options: ["--verify"] });
  assertEquals(codes.filter((code) => code === "journal_damaged").length >= 1, true, codes.join());
  await Deno.writeTextFile(journal, text);
  await Deno.writeTextFile(state, (await Deno.readTextFile(state)).replace('"sha256"', '"sha257"'));
  assertEquals((await examine(directory.path)).codes.includes("damaged_checkpoint"), true);
});

testUnless(WITHOUT_PROC, "doctor tells who runs the handlers, which of them fail, and that nobody does")(async () => {
  await using root = await temporaryDirectory();
  const [data, directory] = [`${root.path}/data`, `${root.path}/handlers`];
  await Deno.mkdir(data, { mode: 0o700 });
  await Deno.mkdir(directory, { mode: 0o700 });
  const handlers = [{ name: "broken", on: ["task.created"], run: ["false"] }];
  await Deno.writeTextFile(`${directory}/handlers.json`, JSON.stringify(handlers), { mode: 0o600 });
  await using server = await startServer(data);
  const deliveries = async () => (await examine(data)).deliveries.map(({ isLed, pid, name }) => [name, isLed, pid]);
  {
    await using runner = await startServer(data, {
      args: ["--handlers", `${directory}/handlers.json`, "--allow-handlers-from", directory],
      permissions: [`--allow-read=${directory}`, "--allow-run=false"],
      env: { PATH: Deno.env.get("PATH") ?? "", HOME: Deno.env.get("HOME") ?? "/" },
    });
    await until("the lead", () => runner.log.includes("runs the handlers broken"));
    await create(server, "a");
    await until("a failure", async () => (await examine(data)).codes.includes("handler_fails"));
    assertEquals((await examine(data)).codes, ["handler_fails"], "its token, which expires soon, is replaced in time");
    assertEquals(await deliveries(), [["broken", true, runner.pid]]);
  }
  assertEquals(await deliveries(), [["broken", false, undefined]]);
  assertEquals((await examine(data)).codes, ["handlers_idle", "handler_fails"]);
});

Deno.test("doctor says that there is no data, and takes only what it needs", async () => {
  await using directory = await temporaryDirectory();
  const none = await runHere(directory.path, ["doctor"]);
  assertEquals(none.code, 1);
  assertStringIncludes(none.log, "There is no data in");
});
