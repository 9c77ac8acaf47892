/** Shows that the npm package's launcher permits what a command line needs, and nothing else. */

import { assertEquals } from "@std/assert";
import denoJson from "../../../deno.json" with { type: "json" };
import { readArguments } from "../../../src/cli/arguments.ts";
import {
  commandOf,
  denoFlags,
  FLAGS,
  INIT_VARIABLES,
  type Scope,
  scopeOf,
  splitArguments,
  VARIABLES,
} from "../../../integrations/npm/permissions.ts";

const PLACES = { scope: "directory", data: ["/data", "/real/data"], program: "/npm/program" } as const;

/** The flags that permit something, by kind. */
function permitted(...args: readonly string[]): Record<string, readonly string[]> {
  const flags = denoFlags(splitArguments(args), PLACES);
  const named = flags.flatMap((flag) => {
    const [, kind = "", list = ""] = /^--allow-(\w+)=(.*)$/.exec(flag) ?? [];
    return kind === "" || kind === "env" || kind === "sys" ? [] : [[kind, list.split(",")] as const];
  });
  return Object.fromEntries(named);
}

const SERVER = { read: ["/data", "/real/data", "/npm/program"], write: ["/data", "/real/data"] };

Deno.test("a server of one client may use its data, and read itself", () => {
  assertEquals(permitted(), SERVER);
  assertEquals(permitted("--data", "/data"), SERVER);
  assertEquals(permitted("doctor"), SERVER);
});

Deno.test("a command that uses the service on its data may call any on this machine", () => {
  for (const command of ["status", "call", "open", "add", "why"]) {
    assertEquals(permitted(command), { ...SERVER, net: ["127.0.0.1", "[::1]"] });
  }
});

Deno.test("nothing is downloaded, asked, or taken from the working directory", () => {
  const flags = denoFlags(splitArguments([]), PLACES);
  for (const flag of ["--no-prompt", "--no-config", "--no-lock", "--no-remote", "--no-npm", "--cached-only"]) {
    assertEquals(flags.includes(flag), true, flag);
  }
});

Deno.test("serve may listen where it is told to, and nowhere else", () => {
  assertEquals(permitted("serve"), { ...SERVER, net: ["127.0.0.1:8787"] });
  assertEquals(permitted("serve", "--port", "0", "--host=::1"), { ...SERVER, net: ["[::1]:0"] });
  assertEquals(permitted("serve", "--host", "localhost"), { ...SERVER, net: ["127.0.0.1:8787"] });
  for (const bad of [["--port", "many"], ["--host", "a b"]]) {
    assertEquals(permitted("serve", ...bad), SERVER);
  }
});

Deno.test("a command may call the service that it is told to, and a server of one client none", () => {
  assertEquals(permitted("next", "--url", "https://tasks.example.com/p/web"), {
    ...SERVER,
    net: ["tasks.example.com:443"],
  });
  assertEquals(permitted("status", "--url=http://127.0.0.1:8787"), { ...SERVER, net: ["127.0.0.1:8787"] });
  assertEquals(permitted("status", "--url", "example.com"), SERVER);
  const service = "http://[::1]:8787";
  const flag = "--allow-net=[::1]:8787";
  assertEquals(denoFlags(splitArguments(["next"]), { ...PLACES, service }).includes(flag), true);
  assertEquals(denoFlags(splitArguments([]), { ...PLACES, service }).includes(flag), false);
});

Deno.test("a command may do everything if Deno's flag says so, before and after its name", () => {
  const own = denoFlags(splitArguments(["doctor"]), PLACES).filter((flag) => !/^--allow-/.test(flag));
  for (const flag of ["-A", "--allow-all"]) {
    for (const args of [[flag, "doctor"], ["doctor", flag]]) {
      const start = splitArguments(args);
      assertEquals(start.args, ["doctor"]);
      assertEquals(denoFlags(start, PLACES), [...own, flag]);
    }
  }
  assertEquals(splitArguments(["note", "a", "--", "-A"]).args, ["note", "a", "--", "-A"]);
});

Deno.test("a command may use the files that it is given", () => {
  assertEquals(permitted("import", "plan.json").read, [...SERVER.read, "plan.json"]);
  assertEquals(permitted("import", "-").read, SERVER.read);
  const backup = permitted("backup", "copies/monday");
  assertEquals(backup, {
    read: [...SERVER.read, "copies/monday", "copies/"],
    write: [...SERVER.write, "copies/monday", "copies/"],
  });
  assertEquals(permitted("backup", "monday").write, [...SERVER.write, "monday", "."]);
  assertEquals(permitted("serve", "--handlers=/etc/handlers.json").read, [...SERVER.read, "/etc/"]);
});

Deno.test("the options without a value are told from those whose value could be taken for a command", () => {
  let help = "";
  const print = (text: string) => void (help += text);
  const toolsets = { toolsets: ["core"], defaultToolsets: ["core"] };
  readArguments(["--help"], {
    name: "orchestrator",
    version: "1.2.3",
    defaultPlace: "data",
    ...toolsets,
    print,
    printError: print,
  });
  const options = help.slice(help.indexOf("Options:"), help.indexOf("Commands:"));
  const flags = Array.from(
    options.matchAll(/^ {2}(?:(-\w), )?(--[\w-]+)(?= {2}|$)/gm),
    ([, short, long]) => [long, short],
  );
  assertEquals(flags.flat().filter((flag) => flag !== undefined).sort(), [...FLAGS].sort());
  assertEquals(commandOf(["--data", "status", "--project=x", "--deliver", "verify"]), "verify");
  assertEquals(commandOf(["--instance", "serve"]), undefined);
});

Deno.test("only what is about repositories or clients may read everywhere, and only init write", () => {
  const cases: readonly (readonly [args: string, project: string, scope: Scope])[] = [
    ["", "", "directory"],
    ["--data x", "", "directory"],
    ["--data x", "auto", "directory"],
    ["", "auto", "repositories"],
    ["", "/a/repository", "repositories"],
    ["--project auto", "", "repositories"],
    ["serve --project=a,auto", "", "repositories"],
    ["serve --project auto --project a", "", "repositories"],
    ["projects", "", "repositories"],
    ["--project site status", "", "projects"],
    ["init", "", "clients"],
    ["--deliver init", "", "clients"],
    ["--instance init", "", "directory"],
    ["--instance projects --project site", "", "projects"],
    ["import init", "", "directory"],
    ["serve --projects", "", "projects"],
  ];
  for (const [text, project, scope] of cases) {
    const args = text.split(" ");
    assertEquals(scopeOf(args, (name) => name === "ORCHESTRATOR_PROJECT" ? project : undefined), scope, text);
    const flags = denoFlags(splitArguments(args), { ...PLACES, scope });
    assertEquals(flags.includes("--allow-read"), scope === "repositories" || scope === "clients", text);
    assertEquals(flags.includes("--allow-write"), scope === "clients", text);
    assertEquals(flags.includes("--allow-write=/data,/real/data"), scope !== "clients", text);
  }
});

Deno.test("flags of Deno are for Deno, and options of the program for the program", () => {
  const given = ["--allow-net=chat.example.com:443", "--deny-env"];
  const args = ["--deliver", "--allow-private-webhooks", "--allow-handlers-from", "x", "--allow-host", "y"];
  assertEquals(splitArguments([given[0] ?? "", ...args, given[1] ?? ""]), { args, given });
  assertEquals(splitArguments(["add", "--", "--allow-net"]), { args: ["add", "--", "--allow-net"], given: [] });
});

Deno.test("the variables that may be read are those of the standalone program", () => {
  const [, list] = /--allow-env=(\S+)/.exec(denoJson.tasks.compile.command) ?? [];
  assertEquals(list?.split(","), [...VARIABLES, ...INIT_VARIABLES]);
});
