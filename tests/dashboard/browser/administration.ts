/** What admins do: webhooks, tokens, the audit. */

import { assert, assertEquals } from "@std/assert";
import { Api } from "./support/api.ts";
import { browserTest } from "./support/scene.ts";
import { isGone, pressAndConfirm, seesText } from "./support/seen.ts";

browserTest("a webhook is added, tested, rotated and removed", async ({ start, open }) => {
  const received: string[] = [];
  await using receiver = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    received.push(`${request.method} ${new URL(request.url).pathname}`);
    return new Response();
  });
  const host = `127.0.0.1:${receiver.addr.port}`;
  const place = await start({ needsToken: true, net: [host], args: ["--allow-private-webhooks"] });
  const { page } = await open(place, { at: "webhooks" });
  await seesText(page, "No webhooks");
  await page.getByRole("button", { name: "New webhook" }).click();
  const form = page.getByRole("dialog", { name: "New webhook" });
  await form.getByLabel("Name").fill("chat");
  await form.getByLabel("Address").fill(`http://${host}/hook`);
  await form.getByLabel("Types").fill("task.failed, task.completed");
  await form.getByRole("button", { name: "Add" }).click();
  const secret = page.getByRole("dialog", { name: "The secret of the webhook" });
  const first = await secret.locator("code").textContent();
  await secret.getByRole("button", { name: "Close" }).click();

  const row = page.getByRole("article").filter({ has: page.getByRole("heading", { name: "chat" }) });
  await row.getByRole("button", { name: "Test" }).click();
  await seesText(row, "Delivered: 200");
  assert(received.includes("POST /hook"), received.join());
  await place.api.create("sent");
  await place.api.finish("sent");
  await row.getByRole("button", { name: "Deliveries" }).click();
  await row.getByRole("table", { name: "The newest tries" }).getByRole("cell", { name: "200" }).first().waitFor();

  await pressAndConfirm(row, "Rotate the secret");
  const second = await secret.locator("code").textContent();
  assert(first !== second && second !== null);
  await secret.getByRole("button", { name: "Close" }).click();
  await pressAndConfirm(row, "Remove");
  await seesText(page, "No webhooks");
});

browserTest("a token is issued and shown once, and revoked; the audit tells of both", async ({ shared, open }) => {
  const place = await shared();
  const { page } = await open(place, { at: "tokens" });
  await page.getByRole("button", { name: "New token" }).click();
  const form = page.getByRole("dialog", { name: "New token" });
  await form.getByLabel("Name").fill("issued-here");
  await form.getByLabel("Role").selectOption("planner");
  await form.getByLabel("Audiences").fill("team-a, team-b");
  await form.getByRole("button", { name: "Issue" }).click();
  const shown = page.getByRole("dialog", { name: "The new token" });
  const secret = await shown.locator("code").last().textContent();
  const who = await new Api(place.service, secret ?? "").call("GET", "/session");
  assertEquals([who["role"], who["audiences"]], ["planner", ["team-a", "team-b"]]);
  await shown.getByRole("button", { name: "Close" }).click();

  const row = page.getByRole("row").filter({ hasText: "issued-here" });
  await pressAndConfirm(row, "Revoke");
  await isGone(row);
  await page.getByRole("navigation", { name: "Views" }).getByRole("link", { name: "Audit" }).click();
  const events = page.getByRole("list", { name: /^Events/ }).getByRole("listitem").filter({ hasText: "issued-here" });
  await events.filter({ hasText: "token.revoked" }).waitFor();
  await events.filter({ hasText: "token.issued" }).waitFor();
});
