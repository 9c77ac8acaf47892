/** Shows that real processes deliver to a real receiver: each event, in order, however they die, and one of them at a time. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Webhook } from "standardwebhooks";
import { times } from "../core/given.ts";
import { runProgram } from "../support/program.ts";
import { type Service, startService } from "../support/service.ts";
import { startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";
import { until } from "../support/until.ts";

/** What a receiver does with a request, after it has read it, and before and after it answers. */
interface Hooks {
  readonly beforeAnswer?: (count: number) => Promise<void> | void;
  readonly afterAnswer?: (count: number) => Promise<void> | void;
}

/** A receiver on this machine that verifies what it gets as the specification's package does. */
function startReceiver(hooks: Hooks = {}) {
  const subjects: string[] = [];
  const requests: { readonly body: string; readonly headers: Record<string, string> }[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    const body = await request.text();
    requests.push({ body, headers: Object.fromEntries(request.headers) });
    const count = subjects.push(String(JSON.parse(body).subject));
    await hooks.beforeAnswer?.(count);
    void Promise.resolve().then(() => hooks.afterAnswer?.(count));
    return new Response();
  });
  return {
    subjects,
    requests,
    url: `http://127.0.0.1:${server.addr.port}/hook`,
    host: `127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

type Receiver = ReturnType<typeof startReceiver>;

function start(directory: string, { host }: Receiver): Promise<Service> {
  return startService(directory, { args: ["--allow-private-webhooks"], net: [host] });
}

async function post(service: Service, path: string, body: unknown): Promise<Record<string, unknown>> {
  const response = await fetch(service.url(`/api/v1${path}`), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  assert(response.ok, JSON.stringify(answer));
  return answer;
}

async function addWebhook(service: Service, { url }: Receiver): Promise<string> {
  return String((await post(service, "/webhooks", { name: "w", url, type: ["task.created"] }))["secret"]);
}

async function createTasks(service: Service, ids: readonly string[]): Promise<void> {
  await post(service, "/tasks", { tasks: ids.map((id) => ({ id, description: "" })) });
}

/** Each subject where it came first: what came in the second before a kill may come again. */
function firsts(subjects: readonly string[]): readonly string[] {
  return [...new Set(subjects)];
}

Deno.test("whenever the process that delivers is killed, no event is skipped, and the order is kept", async () => {
  await using data = await temporaryDirectory();
  let service: Service | undefined;
  let killAt: { readonly count: number; readonly when: "before" | "after" } | undefined;
  const killed = async (count: number, when: "before" | "after") => {
    if (killAt?.count !== count || killAt.when !== when) return;
    killAt = undefined;
    await service?.end("SIGKILL");
    service = undefined;
  };
  await using receiver = startReceiver({
    beforeAnswer: (count) => killed(count, "before"),
    afterAnswer: (count) => killed(count, "after"),
  });
  service = await start(data.path, receiver);
  const secret = await addWebhook(service, receiver);
  let created = 0;
  for (const when of ["before", "after", "before", "after"] as const) {
    const ids = times(20, () => `t${++created}`);
    // Somewhere among the next ones, of which some may come a second time.
    killAt = { count: receiver.subjects.length + 7, when };
    await createTasks(service, ids);
    await until("the kill", () => service === undefined);
    service = await start(data.path, receiver);
    await until("all events", () => new Set(receiver.subjects).size === created);
  }
  await service.end();
  assertEquals(firsts(receiver.subjects), times(created, (index) => `t${index + 1}`));
  // After a kill, the delivery goes on at most a second before it.
  assert(receiver.subjects.length <= created * 5, `${receiver.subjects.length} deliveries`);
  const verifier = new Webhook(secret);
  const ids = new Map<string, string>();
  for (const { body, headers } of receiver.requests) {
    const event = Object(verifier.verify(body, headers));
    const id = headers["webhook-id"] ?? "";
    assertEquals(ids.get(id) ?? event.subject, event.subject);
    ids.set(id, event.subject);
  }
  assertEquals(ids.size, created);
});

Deno.test("one process delivers; another takes over when it is killed, also one of a client with --deliver", async () => {
  await using data = await temporaryDirectory();
  await using receiver = startReceiver();
  const first = await start(data.path, receiver);
  await addWebhook(first, receiver);
  await createTasks(first, ["a"]);
  await until("the first event", () => receiver.subjects.length === 1);
  const second = await start(data.path, receiver);
  await createTasks(second, ["b"]);
  await until("the second event", () => receiver.subjects.length === 2);
  await first.end("SIGKILL");
  await createTasks(second, ["c"]);
  await until("the third event", () => receiver.subjects.at(-1) === "c");
  await using third = await startServer(data.path, {
    args: ["--deliver", "--allow-private-webhooks"],
    permissions: [`--allow-net=${receiver.host}`],
  });
  await second.end("SIGKILL");
  await third.ask("create_task", { id: "d", description: "" });
  await until("the fourth event", () => receiver.subjects.at(-1) === "d");
  assertEquals(firsts(receiver.subjects), ["a", "b", "c", "d"]);
});

Deno.test("what is redacted while events wait for a slow receiver is not sent", async () => {
  await using data = await temporaryDirectory();
  const answering = Promise.withResolvers<void>();
  await using receiver = startReceiver({ beforeAnswer: () => answering.promise });
  const service = await start(data.path, receiver);
  await addWebhook(service, receiver);
  await post(service, "/tasks", { tasks: ["a", "b"].map((id) => ({ id, description: `hunter2 of ${id}` })) });
  await until("the first event", () => receiver.requests.length === 1);
  assertStringIncludes(receiver.requests[0]?.body ?? "", "hunter2 of a");
  const { code, log } = await runProgram(data.path, ["redact", "b", "--reason", "leak"]);
  assertEquals(code, 0, log);
  // The service knows of it.
  await post(service, "/tasks", { tasks: [{ id: "c", description: "" }] });
  answering.resolve();
  await until("all events", () => receiver.subjects.at(-1) === "c");
  await service.end();
  // Only the first one may come again: the redaction may take longer than an answer may.
  assertEquals(receiver.subjects.filter((subject) => subject !== "a"), ["b", "c"]);
  assertStringIncludes(receiver.requests.at(-2)?.body ?? "", "[redacted]");
});

Deno.test("a process that may not connect to a receiver, or to private addresses, says so, and another one delivers", async () => {
  await using data = await temporaryDirectory();
  await using receiver = startReceiver();
  await using barred = await startService(data.path, { args: ["--allow-private-webhooks"] });
  await addWebhook(barred, receiver);
  await createTasks(barred, ["a"]);
  await until("a message", () => barred.log.includes("is left to other processes"));
  assertStringIncludes(barred.log, `--allow-net=${receiver.host}`);
  assertEquals(receiver.subjects, []);
  {
    await using strict = await startService(data.path, { net: [receiver.host] });
    const isLeft = () => /left to other processes, as 127\.0\.0\.1 is loopback, which only --allow-p/.test(strict.log);
    await until("a message", isLeft);
    assertEquals(receiver.subjects, []);
    // It takes over at once, as no try was used up.
    await using able = await start(data.path, receiver);
    await until("the event", () => receiver.subjects.length === 1);
    const logged = async (): Promise<readonly { readonly attempt: number }[]> => {
      return (await (await fetch(able.url("/api/v1/webhooks/w/deliveries"))).json()).log;
    };
    await until("the log of it", async () => (await logged()).length > 0);
    assertEquals((await logged()).map(({ attempt }) => attempt), [1]);
  }
  assertEquals(receiver.subjects, ["a"]);
});
