/**
 * A client that can be killed: starts a server on the data directory that it is given, prints the server's process
 * id, and lets the server write to its own standard output. Run by tests as a process of its own.
 */

import { initialize } from "./raw_server.ts";
import { programArgs } from "./server.ts";

const server = new Deno.Command(Deno.execPath(), {
  args: programArgs(Deno.args[0] ?? ""),
  stdin: "piped",
  stdout: "inherit",
  stderr: "inherit",
}).spawn();
console.log(server.pid);
await server.stdin.getWriter().write(new TextEncoder().encode(initialize(1)));
await server.status;
