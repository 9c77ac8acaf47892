/** Carries out the examples of docs/handlers.md: its command line starts a service with its file and its two scripts. */

import { assert, assertEquals } from "@std/assert";
import { cacheDirectory } from "../support/program.ts";
import { MAIN, startServer } from "../support/server.ts";
import { Service } from "../support/service.ts";
import { temporaryDirectory } from "../support/temp.ts";
import { until } from "../support/until.ts";
import { blocksOf, commandsOf } from "./blocks.ts";

const PAGE = new URL("../../docs/handlers.md", import.meta.url);
const DENO_DIRECTORY = Deno.execPath().replace(/\/[^/]*$/, "");

/** A chat tool that takes messages over HTTP. */
function startChat(): { readonly messages: string[]; readonly host: string } & AsyncDisposable {
  const messages: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    messages.push((await request.json()).text);
    return new Response();
  });
  return { messages, host: `127.0.0.1:${server.addr.port}`, [Symbol.asyncDispose]: () => server.shutdown() };
}

Deno.test("the examples of docs/handlers.md work: a follow-up task, and messages to a chat", async () => {
  if (Deno.build.os === "windows") return console.log("Skipped on Windows: there is no POSIX shell");
  await using root = await temporaryDirectory();
  await using chat = startChat();
  const [data, directory] = [`${root.path}/data`, `${root.path}/handlers`];
  await Deno.mkdir(data);
  await Deno.mkdir(directory, { mode: 0o700 });
  const fill = (text: string) =>
    text.replaceAll("https://chat.example.com", `http://${chat.host}`).replaceAll("chat.example.com", chat.host)
      .replaceAll("/path/to/mcp-orchestrator/main.ts", MAIN).replaceAll("/path/to/handlers", directory);
  const blocks = blocksOf(await Deno.readTextFile(PAGE));
  const textsIn = (wanted: string) => blocks.flatMap(({ language, text }) => language === wanted ? [fill(text)] : []);
  const [[handlers = ""], scripts, [shell = ""]] = [textsIn("json"), textsIn("ts"), textsIn("sh")];
  const names = JSON.parse(handlers).map(({ run }: { run: string[] }) => run.find((word) => word.endsWith(".ts")));
  assertEquals(names.length, scripts.length);
  await Deno.writeTextFile(`${directory}/handlers.json`, handlers);
  for (const [index, script] of scripts.entries()) await Deno.writeTextFile(`${directory}/${names[index]}`, script);

  await using service = serve(commandsOf(shell)[0] ?? "", { data, cache: await cacheDirectory() });
  await until("the lead", () => service.log.includes("runs the handlers follow up, chat"));
  await using server = await startServer(data);
  await server.ask("create_task", { id: "build", description: "", max_attempts: 1 });
  await server.ask("get_next_task", { instance_id: "ann" });
  await server.ask("add_note", { task_id: "build", instance_id: "ann", text: "Question: which version?" });
  await server.ask("add_note", { task_id: "build", instance_id: "ann", text: "No question" });
  await server.ask("fail_task", { task_id: "build", instance_id: "ann", error: "no compiler", retryable: false });
  await until("two messages", () => chat.messages.length === 2);
  assertEquals(chat.messages, ["ann about build: Question: which version?", "build failed: no compiler"]);

  const created = async () => (await server.call("get_next_task", { instance_id: "bob" })).structuredContent ?? {};
  let followUp: Readonly<Record<string, unknown>> = {};
  await until("the follow-up", async () => typeof (followUp = await created())["id"] === "string");
  assert(`${followUp["id"]}`.startsWith("follow-up:build:"), JSON.stringify(followUp));
  assertEquals(followUp["description"], "Find out why build failed, and say what to do. Its error: no compiler");
  const failing = { task_id: followUp["id"], instance_id: "bob", error: "no idea", retryable: false };
  await server.ask("fail_task", failing);
  await until("a third message", () => chat.messages.length === 3);
  assertEquals((await server.ask<readonly unknown[]>("get_task_status")).length, 2);
  assertEquals(await service.end(), 0);
});

/** Starts the service that a line of the page starts, on other data and any free port. */
/** Permits the commands to find the packages of these tests, too. */
function serve(line: string, { data, cache }: { readonly data: string; readonly cache: string }): Service {
  const [command, ...args] = line.replaceAll("=data", `=${data}`).replace(":8787", ":0")
    .replace("main.ts serve", `${MAIN} --data ${data} serve --port 0 --open`).split(" ");
  assertEquals(command, "deno");
  const process = new Deno.Command(Deno.execPath(), {
    args: args.map((arg) => arg.startsWith("--allow-env=") ? `${arg},DENO_DIR` : arg),
    env: { PATH: `${DENO_DIRECTORY}:${Deno.env.get("PATH")}`, DENO_DIR: cache },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  return new Service(process);
}
