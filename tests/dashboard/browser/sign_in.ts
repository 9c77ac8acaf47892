/** Signing in and out: by the address that is good once, by a token, and what ends a session. */

import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { programArgs } from "../../support/server.ts";
import { until } from "../../support/until.ts";
import { Api } from "./support/api.ts";
import { keyIn } from "./support/place.ts";
import { browserTest } from "./support/scene.ts";
import { seesText } from "./support/seen.ts";

const REFUSED = /Failed to load resource: the server responded with a status of 401/;

browserTest("the address that serve and open print signs in once", async ({ shared, open }) => {
  const place = await shared();
  const { port } = place.service.url("/");
  await until("serve prints an address", () => place.service.log.includes("#key="));
  const printed = keyIn(place.service.log);
  const args = programArgs(place.directory, "open", "--role", "planner", "--port", port);
  const { stdout, success } = await new Deno.Command(Deno.execPath(), { args, stderr: "inherit" }).output();
  assert(success);
  for (const key of [printed, keyIn(new TextDecoder().decode(stdout))]) {
    const { page, context } = await open(place, { token: null, key });
    await page.getByRole("navigation", { name: "Views" }).waitFor();
    assert(!page.url().includes(key), page.url());
    const cookies = await context.cookies();
    assertEquals(
      cookies.map(({ name, httpOnly, sameSite }) => ({ name, httpOnly, sameSite })),
      [{ name: `orchestrator_${port}`, httpOnly: true, sameSite: "Strict" }],
    );
    assert(!cookies.some(({ value }) => value.includes(key)));
    await page.reload();
    await page.getByRole("navigation", { name: "Views" }).waitFor();

    const second = await open(place, { token: null, key, expected: [REFUSED] });
    await second.page.getByRole("alert").waitFor();
    await second.page.getByLabel("Token").waitFor();
    assertEquals(await second.context.cookies(), []);
  }
});

browserTest("a token signs in, a wrong one is refused, signing out ends the session", async ({ shared, open }) => {
  const place = await shared();
  const secret = await place.api.issue("signer", "observer");
  const { page, context } = await open(place, { token: null, expected: [REFUSED] });
  await page.getByLabel("Token").fill("orc_wrong");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").waitFor();
  assertEquals(await context.cookies(), []);

  await page.getByLabel("Token").fill(secret);
  await page.keyboard.press("Enter");
  await page.getByRole("navigation", { name: "Views" }).waitFor();
  assertEquals(await page.evaluate(() => document.cookie), "");
  await page.getByLabel("Settings").click();
  await seesText(page, /signer, observer/);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Token").waitFor();
  assertEquals(await context.cookies(), []);
  await page.reload();
  await page.getByLabel("Token").waitFor();
  // The token itself is the operator's, and stays good.
  await new Api(place.service, secret).call("GET", "/session");
});

browserTest("all tabs of a browser sign in and out together", async ({ shared, open }) => {
  const place = await shared();
  const secret = await place.api.issue("tabs", "observer");
  const user = await open(place, { token: secret, expected: [REFUSED] });
  const live = (page: Page) => page.getByText("Live", { exact: true }).waitFor();
  await live(user.page);
  const second = await user.newTab("table");
  await live(second);
  // The first tab reads the stream of both: it would go on to show what happens.
  await second.getByLabel("Settings").click();
  await second.getByRole("button", { name: "Sign out" }).click();
  for (const page of [second, user.page]) await page.getByLabel("Token").waitFor();
  await second.getByLabel("Token").fill(secret);
  await second.keyboard.press("Enter");
  for (const page of [second, user.page]) await live(page);
});

browserTest("who signs out stays signed out, whatever an earlier question is answered", async ({ shared, open }) => {
  const place = await shared();
  const user = await open(place, { expected: [REFUSED] });
  const { page } = user;
  await page.getByText("Live", { exact: true }).waitFor();
  const asked = Promise.withResolvers<void>(), released = Promise.withResolvers<void>();
  await page.route("**/api/v1/session", async (route) => {
    if (route.request().method() !== "GET") return await route.continue();
    const response = await route.fetch();
    asked.resolve();
    await released.promise;
    await route.fulfill({ response });
  });
  await page.evaluate(() => new BroadcastChannel("session").postMessage("in"));
  await asked.promise;
  await page.getByLabel("Settings").click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Token").waitFor();
  const answered = page.waitForResponse((response) =>
    response.url().endsWith("/session") && response.request().method() === "GET"
  );
  const before = user.requests("GET /api/v1/plan").length;
  released.resolve();
  await (await answered).finished();
  await page.evaluate(() => new Promise((painted) => requestAnimationFrame(() => setTimeout(painted))));
  // Signed in again, it would read the plan.
  assertEquals(user.requests("GET /api/v1/plan").length, before);
  assert(await page.getByLabel("Token").isVisible());
});

browserTest("a draft is not shown to the next user of a page", async ({ shared, open }) => {
  const place = await shared();
  await place.api.create("drafted");
  const bob = await place.api.issue("draft-bob", "worker");
  const { page } = await open(place, { at: "table?task=drafted", expected: [REFUSED] });
  const note = page.getByLabel("A note");
  await note.fill("for nobody else");
  await page.getByLabel("Settings").click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Token").fill(bob);
  await page.keyboard.press("Enter");
  await note.waitFor();
  assertEquals(await note.inputValue(), "");
});

browserTest("a page whose token is revoked asks to sign in", async ({ shared, open }) => {
  const place = await shared();
  const token = await place.api.issue("revoked-soon", "planner");
  const user = await open(place, { token, expected: [REFUSED] });
  const { page } = user;
  await page.getByText("Live", { exact: true }).waitFor();
  const streams = user.requests("GET /api/v1/events").length;
  await place.api.call("DELETE", "/tokens/revoked-soon");
  await page.getByLabel("Token").waitFor();
  // It asks at once, and not after it has tried to follow the events again.
  assertEquals(user.requests("GET /api/v1/events").length, streams);
});

browserTest("roles are offered what they may do", async ({ shared, open }) => {
  const place = await shared();
  await place.api.create("role-task");
  const views = async (role: string) => {
    const token = await place.api.issue(`role-${role}`, role);
    const { page } = await open(place, { token, at: "table?task=role-task" });
    const panel = page.getByRole("complementary", { name: "Task role-task" });
    await seesText(panel, "Do role-task");
    return {
      views: await page.getByRole("navigation", { name: "Views" }).getByRole("link").allTextContents(),
      creates: await page.getByRole("button", { name: "New task" }).count() > 0,
      cancels: await panel.getByRole("button", { name: "Cancel" }).count() > 0,
    };
  };
  const observer = await views("observer");
  const planner = await views("planner");
  assertEquals([observer.creates, observer.cancels], [false, false]);
  assertEquals([planner.creates, planner.cancels], [true, true]);
  for (const name of ["Tokens", "Webhooks", "Audit"]) assert(!planner.views.includes(name));
});
