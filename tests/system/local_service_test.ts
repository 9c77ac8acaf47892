/**
 * Shows that commands use the service on their data directory, with the rights and settings of whoever uses the files, and
 * the files wherever that service is not certainly there.
 */

import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { answerTo, newLocalKey } from "../../src/app/local_key.ts";
import { runHere } from "../support/command.ts";
import { runProgram } from "../support/program.ts";
import { MAIN } from "../support/server.ts";
import { startService } from "../support/service.ts";
import { temporaryDirectory } from "../support/temp.ts";

const DAY_MS = 24 * 60 * 60 * 1_000;

/** Runs a command as a process that may use the data and call any service of this machine. */
async function run(directory: string, command: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const permissions = [
    ...[`--allow-read=${directory}`, `--allow-write=${directory}`, "--allow-net=127.0.0.1"],
    "--allow-env=ORCHESTRATOR_TOKEN,USER,USERNAME",
  ];
  const args = ["run", "--quiet", "--no-prompt", ...permissions, MAIN, "--data", directory, ...command];
  return await runProgram(directory, command, { args, env: { USER: "kim", USERNAME: "kim", ...env } });
}

/** Which process wrote the last record of a plan. */
async function lastWriter(directory: string): Promise<string> {
  const { output } = await runHere(directory, ["--store", "file", "audit"]);
  return JSON.parse(output.trim().split("\n").at(-1) ?? "").data.via.process;
}

function noticeOf(directory: string): string {
  return `${directory}/service.json`;
}

Deno.test("a command uses the service on its data directory, and does the same as on the files", async () => {
  await using data = await temporaryDirectory();
  await using service = await startService(data.path, { needsToken: true });
  assertEquals((await Deno.stat(noticeOf(data.path))).mode! & 0o777, 0o600);
  assertEquals((await run(data.path, ["add", "Write docs"])).output, "write-docs is ready\n");
  assertEquals(await lastWriter(data.path), `${service.pid}`);
  assertMatch((await run(data.path, ["next"])).output, /^write-docs is yours \(kim\) until /);
  assertEquals(await lastWriter(data.path), `${service.pid}`);
  const { output } = await runHere(data.path, ["call", "get_task_details", '{"task_id":"write-docs"}']);
  const { leaseUntil, startedAt } = JSON.parse(output);
  assertEquals(Date.parse(leaseUntil) - Date.parse(startedAt), DAY_MS);
  const lines = async (command: readonly string[]) => {
    return (await runHere(data.path, command)).output.replaceAll(/\b\d+ (s|min)\b/g, "some time");
  };
  assertEquals(await lines(["status"]), await lines(["--store", "file", "status"]));
  await service.end();
  await assertRejects(() => Deno.stat(noticeOf(data.path)), Deno.errors.NotFound);
});

Deno.test("options that a service does not take, --store file, and a missing permission have a command use the files", async () => {
  await using data = await temporaryDirectory();
  await using service = await startService(data.path, { needsToken: true });
  const own = `${Deno.pid}`;
  for (const options of [["--as", "worker"], ["--max-attempts", "2"], ["--store", "file"]]) {
    const { code, log } = await runHere(data.path, [...options, "add", "Write docs"]);
    assertEquals([code, log], [0, ""], options.join(" "));
    assertEquals(await lastWriter(data.path), own, options.join(" "));
  }
  const { code, log } = await runProgram(data.path, ["add", "Write docs"]);
  assertEquals([code, log], [0, ""]);
  assert(await lastWriter(data.path) !== `${service.pid}`);
  await runHere(data.path, ["add", "Write docs"]);
  assertEquals(await lastWriter(data.path), `${service.pid}`);
});

Deno.test("a token limits a command at the service as on the files, also where the service is open", async () => {
  for (const needsToken of [true, false]) {
    await using data = await temporaryDirectory();
    const { output } = await runHere(data.path, ["token", "issue", "--name", "eve", "--role", "observer"]);
    const [secret = ""] = /^orc_.*$/m.exec(output) ?? [];
    await using _service = await startService(data.path, { needsToken });
    const env = { ORCHESTRATOR_TOKEN: secret };
    const atService = await run(data.path, ["add", "Write docs"], env);
    const onFiles = await run(data.path, ["--store", "file", "add", "Write docs"], env);
    assertStringIncludes(atService.log, "observer");
    assertEquals(atService, onFiles);
    const { output: audit } = await runHere(data.path, ["audit", "--denied"]);
    assertMatch(audit, /"transport":"cli".*"token":"eve"/);
  }
});

Deno.test("a service that was killed is passed over, and what has taken its port gets no secret", async () => {
  await using data = await temporaryDirectory();
  await using service = await startService(data.path, { needsToken: true });
  await service.end("SIGKILL");
  const notice = JSON.parse(await Deno.readTextFile(noticeOf(data.path)));
  assertEquals((await run(data.path, ["add", "Write docs"])).output, "write-docs is ready\n");
  const received: string[] = [];
  const thief = createServer((request, response) => {
    received.push(wholeHead(request));
    response.end('{"answer": "0"}');
  });
  await new Promise<void>((resolve) => thief.listen(0, "127.0.0.1", resolve));
  // The port of the dead service may be anybody's by now, so the notice names that of the thief.
  const { port } = thief.address() as AddressInfo;
  await Deno.writeTextFile(noticeOf(data.path), JSON.stringify({ ...notice, url: `http://127.0.0.1:${port}/` }));
  try {
    const secret = (await Deno.readTextFile(`${data.path}/admin-token`)).trim();
    const { code, output } = await run(data.path, ["add", "Write docs"], { ORCHESTRATOR_TOKEN: secret });
    assertEquals([code, output], [0, "write-docs-2 is ready\n"]);
    assertEquals(received.length, 1);
    assert(!received.join().includes(notice.key) && !received.join().includes(secret), received.join());
  } finally {
    thief.close();
    thief.closeAllConnections();
  }
});

Deno.test("a copy of a data directory is not taken for the original, whose service runs", async () => {
  await using data = await temporaryDirectory();
  await using copies = await temporaryDirectory();
  await using _service = await startService(data.path);
  await runHere(data.path, ["add", "Write docs"]);
  const copy = `${copies.path}/copy`;
  const { success } = await new Deno.Command("cp", { args: ["-rp", data.path, copy] }).output();
  assert(success);
  assertEquals((await runHere(copy, ["add", "Only here"])).output, "only-here is ready\n");
  assertEquals(await lastWriter(copy), `${Deno.pid}`);
  assertEquals((await runHere(data.path, ["show", "only-here"])).code, 1);
});

Deno.test("of two services on a data directory the newer one is used, and each takes back its own notice only", async () => {
  await using data = await temporaryDirectory();
  await using older = await startService(data.path);
  await using newer = await startService(data.path);
  await runHere(data.path, ["add", "Write docs"]);
  assertEquals(await lastWriter(data.path), `${newer.pid}`);
  await older.end();
  await runHere(data.path, ["add", "Write docs"]);
  assertEquals(await lastWriter(data.path), `${newer.pid}`);
  newer.stop();
  await runHere(data.path, ["add", "Write docs"]);
  assertEquals(await lastWriter(data.path), `${Deno.pid}`);
});

Deno.test("a service whose notice cannot be taken back ends as usual", async () => {
  await using data = await temporaryDirectory();
  await using service = await startService(data.path);
  await Deno.remove(noticeOf(data.path));
  await Deno.mkdir(noticeOf(data.path));
  assertEquals((await runHere(data.path, ["add", "Write docs"])).output, "write-docs is ready\n");
  assertEquals(await service.end(), 0);
  assertStringIncludes(service.log, "service.json stays");
});

/** What becomes of the first request after the challenge: it is not accepted, not carried out, or not answered. */
const ENDS = ["before", "unread", "unanswered"] as const;

/**
 * A service that ends at the first request after the challenge, in place of a running one, to which it passes on what it
 * answers. Its notice is that of the running one, with another address. With `posts`, it answers what only reads; with
 * `once`, also a change that is sent again.
 */
async function endingService(directory: string, end: typeof ENDS[number] | "posts" | "once") {
  const notice = JSON.parse(await Deno.readTextFile(noticeOf(directory)));
  const calls: string[] = [];
  const server = createServer(async (request, response) => {
    const isChallenge = request.url === "/api/v1/local";
    const isSentAgain = end === "once" && calls.includes("POST");
    const isAnswered = isChallenge || isSentAgain ||
      ((end === "posts" || end === "once") && request.method === "GET");
    if (!isChallenge) calls.push(`${request.method}`);
    if (!isChallenge && end === "unread") return void request.socket.destroy();
    const body = await new Response(Readable.toWeb(request) as ReadableStream<Uint8Array<ArrayBuffer>>).text();
    const headers = Object.entries(request.headers).filter(([name]) => name !== "host").map(([name, value]) => {
      return [name, String(value)] as [string, string];
    });
    const isRead = request.method === "GET";
    const answer = await fetch(new URL(request.url ?? "", notice.url), {
      method: request.method!,
      headers,
      ...(!isRead && { body }),
    });
    const text = await answer.text();
    if (!isAnswered) return void request.socket.destroy();
    response.end(text, () => {
      if (end !== "before") return;
      server.close();
      server.closeAllConnections();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await Deno.writeTextFile(noticeOf(directory), JSON.stringify({ ...notice, url: `http://127.0.0.1:${port}/` }));
  return {
    calls,
    [Symbol.dispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

Deno.test("a command whose service ends before it answers is carried out once, on the files", async () => {
  for (const end of ENDS) {
    await using data = await temporaryDirectory();
    await using service = await startService(data.path, { needsToken: true });
    await runHere(data.path, ["add", "Write docs"]);
    using ending = await endingService(data.path, end);
    const run = async (command: readonly string[]) => {
      const { code, output, log } = await runHere(data.path, command);
      assertEquals([code, log], [0, ""], `${end}: ${command.join(" ")}`);
      return output;
    };
    const wasDone = end === "unanswered";
    const done = "The service did this, but its answer was lost. show has all about a task\n";
    assertEquals(await run(["add", "Write tests"]), "write-tests is ready\n" + (wasDone ? done : ""));
    // Deno's client repeats a request on a connection that was lost.
    assertEquals(new Set(ending.calls), new Set(end === "before" ? [] : ["POST"]), end);
    assertEquals(await lastWriter(data.path), `${wasDone ? service.pid : Deno.pid}`, end);
  }
});

Deno.test("every command goes on with the files when its service ends", async () => {
  for (const end of ENDS) {
    await using data = await temporaryDirectory();
    await using _service = await startService(data.path, { needsToken: true });
    await runHere(data.path, ["add", "Write docs"]);
    const notice = await Deno.readTextFile(noticeOf(data.path));
    const run = async (...command: readonly string[]) => {
      using _ending = await endingService(data.path, end);
      const { code, output, log } = await runHere(data.path, command);
      assertEquals([code, log], [0, ""], `${end}: ${command.join(" ")}`);
      await Deno.writeTextFile(noticeOf(data.path), notice);
      return output;
    };
    const wasDone = end === "unanswered";
    assertStringIncludes(await run("status"), "write-docs  ready");
    assertMatch(
      await run("next"),
      wasDone ? /^write-docs is in_progress by kim\n/ : /^write-docs is yours \(kim\) until /,
    );
    assertMatch(
      await run("note", "write-docs", "soon"),
      wasDone ? /^write-docs is in_progress/ : /^Noted on write-docs/,
    );
    assertMatch(await run("show", "write-docs"), /^write-docs: in_progress by kim\n[^]*soon/);
    assertEquals((await run("show", "write-docs")).split("soon").length, 2, "noted once");
    const answer = JSON.parse(await run("call", "create_task", '{"id": "a", "description": "A"}'));
    assertEquals(wasDone ? answer.tasks[0].id : answer.id, "a");
    assertEquals(answer.repeated, wasDone ? true : undefined);
    assertStringIncludes(await run("done", "write-docs", "there"), "write-docs is completed\n");
    const { output } = await runHere(data.path, ["--store", "file", "call", "get_task_status", '{"summary": true}']);
    assertEquals(JSON.parse(output).total, 2, end);
  }
});

Deno.test("a change at a named service whose connection is lost is carried out once, also if it is sent again", async () => {
  await using data = await temporaryDirectory();
  await using _service = await startService(data.path, { needsToken: true });
  await runHere(data.path, ["add", "Write docs"]);
  const secret = (await Deno.readTextFile(`${data.path}/admin-token`)).trim();
  const notice = await Deno.readTextFile(noticeOf(data.path));
  using ending = await endingService(data.path, "posts");
  const noteThrough = async (text: string) => {
    const through = JSON.parse(await Deno.readTextFile(noticeOf(data.path))).url;
    return await runProgram("", [], {
      args: [
        ...["run", "--quiet", "--no-prompt", "--allow-net=127.0.0.1", "--allow-env=ORCHESTRATOR_TOKEN,USER,USERNAME"],
        ...[MAIN, "note", "write-docs", text, "--url", through],
      ],
      env: { ORCHESTRATOR_TOKEN: secret },
    });
  };
  const { log } = await noteThrough("soon");
  assertStringIncludes(log, "Whether the call took effect is unknown");
  assertEquals(ending.calls.slice(0, 2), ["GET", "POST"]);
  const { output } = await runHere(data.path, ["--store", "file", "show", "write-docs"]);
  assertEquals(output.split("soon").length, 2, output);
  await Deno.writeTextFile(noticeOf(data.path), notice);
  using once = await endingService(data.path, "once");
  assertStringIncludes((await noteThrough("later")).output, "The service did this, but its answer was lost.");
  assertEquals(once.calls, ["GET", "POST", "POST"]);
});

Deno.test("a command that comes to a new run of the service with an old key goes on with the files", async () => {
  await using data = await temporaryDirectory();
  await using service = await startService(data.path, { needsToken: true });
  const notice = JSON.parse(await Deno.readTextFile(noticeOf(data.path)));
  const key = newLocalKey();
  const other = createServer(async (request, response) => {
    if (request.url === "/api/v1/local") {
      const answer = await answerTo(String(request.headers["orchestrator-challenge"]), key);
      return void response.end(JSON.stringify({ answer }));
    }
    const { status, headers, body } = await fetch(new URL(request.url ?? "", service.url("/")), {
      method: request.method!,
      headers: { "orchestrator-key": String(request.headers["orchestrator-key"]) },
    });
    response.writeHead(status, Object.fromEntries(headers));
    response.end(await new Response(body).text());
  });
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  try {
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}/`;
    await Deno.writeTextFile(noticeOf(data.path), JSON.stringify({ ...notice, key, url }));
    assertEquals((await runHere(data.path, ["add", "Write docs"])).output, "write-docs is ready\n");
    assertEquals(await lastWriter(data.path), `${Deno.pid}`);
  } finally {
    other.close();
    other.closeAllConnections();
  }
});

function wholeHead({ method, url, rawHeaders }: IncomingMessage): string {
  return [method, url, ...rawHeaders].join("\n");
}
