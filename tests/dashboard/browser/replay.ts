/** What a webhook gave up is sent again from the page. */

import { assertEquals } from "@std/assert";
import { startService } from "../../support/service.ts";
import { until } from "../../support/until.ts";
import { Api } from "./support/api.ts";
import { browserTest } from "./support/scene.ts";
import { isGone } from "./support/seen.ts";

browserTest("what a webhook gave up is shown, and sent again at the press of a button", async ({ start, open }) => {
  const tries: string[] = [];
  let status = 500;
  await using receiver = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, async (request) => {
    tries.push(`${status} ${(await request.json()).data.subject ?? ""}`);
    return new Response(null, { status });
  });
  const host = `127.0.0.1:${receiver.addr.port}`;
  const options = { needsToken: true, net: [host], args: ["--allow-private-webhooks"] };
  const place = await start(options);
  await place.api.call("POST", "/webhooks", { name: "chat", url: `http://${host}/`, type: ["task.completed"] });
  await place.api.create("told");
  await place.api.finish("told");
  await until("a try has failed", () => tries.length === 1);
  let standing = "";
  await until("the failed try is kept", async () => {
    standing = await standingWith(place.directory, '"retryAt"');
    return standing !== "";
  });
  await place.service.end();
  // The ninth of ten tries, of which the last one is due: it takes three days until then.
  const kept = JSON.parse(await Deno.readTextFile(standing));
  await Deno.writeTextFile(standing, JSON.stringify({ ...kept, attempts: 9, retryAt: 0 }));

  await using service = await startService(place.directory, options);
  const again = { ...place, service, api: new Api(service, place.admin) };
  const { page, context } = await open(again, { at: "webhooks" });
  const row = page.getByRole("article").filter({ has: page.getByRole("heading", { name: "chat" }) });
  await row.getByRole("button", { name: "Deliveries" }).click();
  const givenUp = row.getByRole("table", { name: "Given up" });
  await givenUp.getByRole("cell").first().waitFor();
  assertEquals(tries.length, 2);
  status = 200;
  await row.getByRole("button", { name: "Replay what was given up" }).click();
  await isGone(givenUp);
  await row.getByRole("table", { name: "The newest tries" }).getByRole("cell", { name: "200" }).waitFor();
  assertEquals(tries.length, 3);
  // Before the service ends, which the page would report.
  await context.close();
});

/** The file that keeps how far the webhook is, once it has a text; "" until then. */
async function standingWith(directory: string, text: string): Promise<string> {
  for await (const { name } of Deno.readDir(`${directory}/deliveries`)) {
    const path = `${directory}/deliveries/${name}`;
    if (/^webhook-.*\.json$/.test(name) && (await Deno.readTextFile(path)).includes(text)) return path;
  }
  return "";
}
