/**
 * A client process that tests can kill. It starts a server on the data directory in its argument, prints the server's
 * process id, and shares its standard output with the server.
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
