/** What happens elsewhere shows at once, in every tab, after every break, and moves nothing under the user's hands. */

import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { programArgs } from "../../support/server.ts";
import { startService } from "../../support/service.ts";
import { until } from "../../support/until.ts";
import { browserTest } from "./support/scene.ts";
import { panelOf, rowOf, seesText } from "./support/seen.ts";

const BROKEN = /net::ERR_/;

async function isLive(page: Page): Promise<void> {
  await page.getByText("Live", { exact: true }).waitFor();
}

browserTest("what one person does, another one sees without reloading", async ({ shared, open }) => {
  const place = await shared();
  await place.api.create("both-see");
  const actor = await open(place, { at: "table?q=both-see&task=both-see" });
  const onTable = await open(place, { at: "table?q=both-see" });
  const onBoard = await open(place, { at: "board?q=both-see" });
  await Promise.all([onTable, onBoard].map(({ page }) => isLive(page)));
  await rowOf(onTable.page, "both-see").getByText("Ready").waitFor();
  const loads = onTable.requests("GET /app.js").length;
  await panelOf(actor.page, "both-see").getByRole("button", { name: "Cancel…" }).click();
  await actor.page.getByRole("dialog").getByRole("button", { name: "Cancel 1 task" }).click();
  await rowOf(onTable.page, "both-see").getByText("Cancelled").waitFor();
  await onBoard.page.getByRole("region", { name: "Cancelled" }).waitFor();
  await place.api.create("both-see-2");
  await rowOf(onTable.page, "both-see-2").waitFor();
  await onBoard.page.getByRole("region", { name: "Ready" }).getByLabel("Select both-see-2").waitFor();
  assertEquals(onTable.requests("GET /app.js").length, loads);
});

browserTest("two tabs share one stream, and one of them takes it over", async ({ shared, open }) => {
  const place = await shared();
  const { api } = place;
  await api.create("tab-1");
  const user = await open(place, { at: "table?q=tab-" });
  await isLive(user.page);
  const second = await user.newTab("table?q=tab-");
  await isLive(second);
  await api.create("tab-2");
  for (const page of [user.page, second]) await rowOf(page, "tab-2").waitFor();
  assertEquals(user.requests("GET /api/v1/events").length, 1);
  await user.page.close();
  await until("the other tab reads the stream", () => user.requests("GET /api/v1/events").length === 2);
  await isLive(second);
  await api.create("tab-3");
  await rowOf(second, "tab-3").waitFor();
  assertEquals(user.requests("GET /api/v1/events").length, 2);
});

browserTest("a stream that breaks is told, and goes on without gap or repeat", async ({ start, open }) => {
  const place = await start();
  const { api, service, directory } = place;
  await api.create("before");
  const user = await open(place, { at: "events", expected: [BROKEN] });
  const { page } = user;
  await isLive(page);
  await api.act("before", "claim", { instance_id: "ann" });
  const rows = page.getByRole("list", { name: /^Events/ }).getByRole("listitem");
  await rows.filter({ hasText: "task.claimed" }).waitFor();
  await service.end("SIGKILL");
  await seesText(page, /^Not live/);
  const created = await new Deno.Command(Deno.execPath(), {
    args: programArgs(directory, "call", "create_task", JSON.stringify({ id: "meanwhile", description: "Unseen" })),
    stdout: "null",
  }).output();
  assert(created.success);
  await using again = await startService(directory, { port: Number(service.url("/").port) });
  assertEquals(again.host, service.host);
  await isLive(page);
  await api.create("after");
  await rows.filter({ hasText: "task.created" }).filter({ hasText: "after" }).waitFor();
  const { events } = await api.call<{ events: { type: string; subject?: string }[] }>("GET", "/history?limit=100");
  const shown = await rows.evaluateAll((all) =>
    all.map((row) =>
      `${row.querySelector(".type")?.textContent} ${row.querySelector(".subject .id")?.textContent ?? ""}`
    )
  );
  const told = events.map(({ type, subject = "" }) => `${type.replace("orchestrator.", "")} ${subject}`);
  assertEquals(shown.toReversed(), told);
  assert(shown.some((each) => each === "task.created meanwhile"), shown.join());
  await user.goTo("table");
  for (const id of ["before", "meanwhile", "after"]) await rowOf(page, id).waitFor();
});

browserTest("live changes move neither scroll, focus, selection nor what is typed", async ({ shared, open }) => {
  const place = await shared();
  const { api } = place;
  const ids = Array.from({ length: 60 }, (_, index) => `still-${index + 10}`);
  await api.create(...ids);
  const { page } = await open(place, { at: "table?q=still-&sort=id" });
  await isLive(page);
  await rowOf(page, "still-11").getByRole("checkbox").check();
  await rowOf(page, "still-30").scrollIntoViewIfNeeded();
  await page.locator(".virtual-rows").first().evaluate((box) => box.scrollTop = 700);
  await rowOf(page, "still-35").click();
  const note = panelOf(page, "still-35").getByLabel("A note");
  await note.pressSequentially("half a th");
  await note.press("ArrowLeft");
  const where = () =>
    Promise.all([
      rowOf(page, "still-35").boundingBox(),
      note.evaluate((
        field: HTMLTextAreaElement,
      ) => [field.value, field.selectionStart, field === document.activeElement]),
      page.getByText("1 selected").isVisible(),
    ]);
  const before = await where();
  // Tasks that come before those in view, one that changes in view, and the very task beside the view.
  await api.create(...Array.from({ length: 5 }, (_, index) => `still-0${index}`));
  await api.act("still-36", "cancel");
  await api.act("still-35", "notes", { text: "from elsewhere" });
  await api.act("still-35", "claim", { instance_id: "stan" });
  await rowOf(page, "still-36").getByText("Cancelled").waitFor();
  await seesText(page, /^65 of/);
  await seesText(panelOf(page, "still-35"), "from elsewhere");
  await panelOf(page, "still-35").locator(".status", { hasText: /progress|running/i }).first().waitFor();
  assertEquals(await where(), before);
});

browserTest("what is typed into a form stays when somebody else changes the task", async ({ shared, open }) => {
  const place = await shared();
  const { api } = place;
  await api.create("typed");
  const { page } = await open(place, { at: "table?task=typed" });
  await panelOf(page, "typed").getByRole("button", { name: "Edit" }).click();
  const form = page.getByRole("dialog", { name: "Edit typed" });
  await form.getByLabel("Description").fill("Half a senten");
  await api.call("PATCH", "/tasks/typed", { priority: "urgent" });
  await seesText(form, /Somebody else has changed this task/);
  assertEquals(await form.getByLabel("Description").inputValue(), "Half a senten");
  assertEquals(await form.getByLabel("Priority").inputValue(), "urgent");
  await form.getByRole("button", { name: "Save" }).click();
  await form.waitFor({ state: "hidden" });
  const { description, priority } = await api.task("typed");
  assertEquals([description, priority], ["Half a senten", "urgent"]);
});
