/**
 * Runs one driver. Arguments: the driver's file, then the client's configuration and the driver's options as JSON. A
 * driver exports `connect(configuration, options)`, which resolves to `{tools, call(tool, args), close()}`: `call`
 * resolves to the text that the client gives to its model, and rejects where the client throws.
 *
 * The first line printed is `{connected: true, tools}`, with how many tools the client lists, or `{error}`. Then each
 * line of standard input is a call `{tool, args}`, answered by a line `{text}` or `{error}`. At the end of the input the
 * client is closed.
 */

import { createInterface } from "node:readline";
import { writeSync } from "node:fs";

const [driver, configuration, options] = process.argv.slice(2);
const print = (line) => writeSync(1, JSON.stringify(line) + "\n");
// Clients print their own messages: these must not mix with the answers.
for (const method of ["log", "info", "debug"]) console[method] = console.error;

const { connect } = await import(`./${driver}`);
const client = await connect(JSON.parse(configuration), JSON.parse(options)).catch((error) => {
  print({ error: String(error?.message ?? error) });
  process.exit(1);
});
print({ connected: true, tools: client.tools });
for await (const line of createInterface({ input: process.stdin })) {
  const { tool, args } = JSON.parse(line);
  try {
    print({ text: await client.call(tool, args) });
  } catch (error) {
    print({ error: String(error?.message ?? error) });
  }
}
await client.close();
process.exit(0);
