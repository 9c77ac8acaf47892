/** The views that only show: instances, insight, events. */

import { assertEquals } from "@std/assert";
import { browserTest } from "./support/scene.ts";
import { isGone, pressAndConfirm, seesText } from "./support/seen.ts";

browserTest("instances show what they hold, and are drained", async ({ shared, open }) => {
  const place = await shared();
  const { api } = place;
  await api.create("held");
  await api.call("PUT", "/instances/iris", { capabilities: ["gpu"] });
  await api.act("held", "claim", { instance_id: "iris" });
  const { page } = await open(place, { at: "instances" });
  const iris = page.getByRole("article").filter({ has: page.getByRole("heading", { name: "iris" }) });
  await iris.getByRole("link", { name: /held/ }).waitFor();
  await seesText(iris, "gpu");
  await pressAndConfirm(iris, "Drain");
  await seesText(iris, "draining");
});

browserTest("insight shows numbers and simulates the rest", async ({ shared, open }) => {
  const place = await shared();
  await place.api.create("insight-1", { id: "insight-2", dependencies: ["insight-1"] });
  await place.api.finish("insight-1");
  const { page } = await open(place, { at: "insight" });
  await page.getByRole("heading", { name: "Critical path" }).waitFor();
  await page.getByLabel("With so many instances").fill("1, 3");
  await page.getByRole("button", { name: "Simulate the rest" }).click();
  await seesText(page, /simulations of \d+ open tasks/);
  await page.getByRole("button", { name: "90 days" }).click();
  await page.locator("svg[role=img]").first().waitFor();
});

browserTest("of the plan, insight says nothing before it knows", async ({ shared, open }) => {
  const place = await shared();
  await place.api.create("unknown-1");
  const { promise: isAnswered, resolve: answer } = Promise.withResolvers<void>();
  const { page } = await open(place, {
    at: "insight",
    prepare: async (page) => {
      await page.route(/\/api\/v1\/(analysis|metrics\?detail=)/, async (route) => {
        await isAnswered;
        await route.continue();
      });
    },
  });
  await page.getByRole("heading", { name: "Critical path" }).waitFor();
  assertEquals(await page.getByText("Loading…").count(), 4);
  for (const text of ["Nothing stands out", "Nothing has happened", "Nothing remains", "Nobody has worked"]) {
    assertEquals(await page.getByText(text).count(), 0, text);
  }
  answer();
  await isGone(page.getByText("Loading…"));
  await page.unrouteAll({ behavior: "wait" });
});

browserTest("events come as they happen, are filtered, and wait while one reads", async ({ shared, open }) => {
  const place = await shared();
  const { api } = place;
  await api.create("event-1");
  const { page } = await open(place, { at: "events?about=event-1" });
  const events = page.getByRole("list", { name: /^Events/ }).getByRole("listitem");
  await events.filter({ hasText: "task.created" }).waitFor();
  await page.getByText("Live", { exact: true }).waitFor();
  await api.act("event-1", "claim", { instance_id: "eve" });
  await events.filter({ hasText: "task.claimed" }).waitFor();
  await page.getByRole("button", { name: "Stop to read" }).click();
  const before = await events.count();
  await api.act("event-1", "notes", { text: "well" });
  await page.getByRole("button", { name: "Continue (1 new)" }).waitFor();
  assertEquals(await events.count(), before);
  await page.getByRole("button", { name: "Continue (1 new)" }).click();
  await events.filter({ hasText: "task.noted" }).waitFor();
  await page.getByLabel("Type").selectOption("task.claimed");
  await isGone(events.filter({ hasNotText: "task.claimed" }));
  await events.filter({ hasText: "task.claimed" }).waitFor();
});
