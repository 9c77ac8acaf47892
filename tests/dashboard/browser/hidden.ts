/** A caller with audiences is told nothing of groups that are for others: no response and no element names them. */

import { assert, assertEquals } from "@std/assert";
import type { Request } from "playwright-core";
import { until } from "../../support/until.ts";
import { browserTest } from "./support/scene.ts";
import { seesText } from "./support/seen.ts";

/** What only members of the other team may read: each kind of text has a word of its own. */
const SECRET = /undercover|covert|clandestine|stealthy/;

const NOT_FOUND = /Failed to load resource: the server responded with a status of 404/;

browserTest("a hidden group is nowhere on the page, in no answer and no event", async ({ shared, open }) => {
  const place = await shared();
  const { api } = place;
  await api.call("POST", "/groups", { group_id: "undercover", title: "covert", visible_to: ["team-x"] });
  await api.create({ id: "undercover-1", description: "clandestine", group: "undercover" }, "in-sight-1");
  await api.act("undercover-1", "claim", { instance_id: "stealthy" });
  const token = await api.issue("team-y-planner", "planner", { audiences: ["team-y"] });
  const bodies: Promise<string>[] = [];
  const told: string[] = [];
  const read = async (request: Request) => `${request.url()} ${await (await request.response())?.text()}`;
  const underWay = new Set<Request>();
  const onFinished = (request: Request) => {
    underWay.delete(request);
    bodies.push(read(request));
  };
  const user = await open(place, {
    token,
    async prepare(page) {
      page.on("request", (request) => void (request.resourceType() !== "eventsource" && underWay.add(request)));
      page.on("requestfailed", (request) => void underWay.delete(request));
      page.on("requestfinished", onFinished);
      const devtools = await page.context().newCDPSession(page);
      await devtools.send("Network.enable");
      devtools.on("Network.eventSourceMessageReceived", ({ data }) => told.push(data));
    },
  });
  const { page } = user;
  await page.getByText("Live", { exact: true }).waitFor();

  const views = page.getByRole("navigation", { name: "Views" }).getByRole("link");
  for (const name of await views.allTextContents()) {
    await views.getByText(name, { exact: true }).click();
    await page.waitForFunction(() =>
      document.querySelector("#main > *") !== null && !document.querySelector(".loading")
    );
    // Another view would have what this one still waits for cut off.
    await until(`all answers for ${name}`, () => underWay.size === 0);
    assert(!SECRET.test(await page.content()), name);
  }
  await user.goTo("events");
  await api.act("undercover-1", "notes", { text: "clandestine, too" });
  await api.act("in-sight-1", "notes", { text: "for all" });
  await page.getByRole("listitem").filter({ hasText: "task.noted" }).filter({ hasText: "in-sight-1" }).waitFor();
  await page.getByLabel("Search tasks").fill("undercov");
  await seesText(page, /Search “undercov” in all texts/);
  assertEquals(await page.getByRole("listbox", { name: "Tasks found" }).getByRole("option").count(), 1);
  const searched = page.waitForResponse((response) => response.url().includes("/api/v1/tasks?"));
  await page.keyboard.press("Enter");
  await (await searched).finished();
  await seesText(page, "No task matches the filter");
  // What is asked for from here on would be cut off when the page is closed.
  page.off("requestfinished", onFinished);
  await until("the stream to be read", () => told.some((data) => data.includes("in-sight-1")));
  const texts = [await page.content(), ...await Promise.all(bodies), ...told];
  for (const path of ["plan", "groups", "history", "instances", "metrics", "analysis", "tasks"]) {
    assert(texts.some((text) => text.includes(`/api/v1/${path}`)), `${path} was not read`);
  }
  assertEquals(texts.filter((text) => SECRET.test(text)).map((text) => text.slice(0, 200)), []);
});

browserTest("a hidden task looks like one that does not exist", async ({ shared, open }) => {
  const place = await shared();
  await place.api.call("POST", "/groups", { group_id: "closed", visible_to: ["team-x"] });
  await place.api.create({ id: "in-closed", group: "closed" });
  const token = await place.api.issue("team-z-planner", "planner", { audiences: ["team-z"] });
  const alerts: (string | null)[] = [];
  for (const id of ["in-closed", "no-such-task"]) {
    const { page } = await open(place, { token, at: `table?task=${id}`, expected: [NOT_FOUND] });
    const panel = page.getByRole("complementary", { name: `Task ${id}` });
    alerts.push((await panel.getByRole("alert").textContent())?.replaceAll(id, "ID") ?? null);
  }
  assertEquals(alerts[0], alerts[1]);
});
