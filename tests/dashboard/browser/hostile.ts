/** Everything that agents write is text: nothing of it runs, loads, links to a script or breaks the page. */

import { assert, assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { runHere } from "../../support/command.ts";
import { browserTest } from "./support/scene.ts";
import { panelOf, rowOf, seesText } from "./support/seen.ts";

const SCRIPT = `<script>globalThis.hacked = 1</script><img src=x onerror="globalThis.hacked=2">`;
const ACTIVE = `<svg onload=globalThis.hacked=3><iframe srcdoc="<script>parent.hacked=4</script>"></iframe>`;
const LINKS = [
  "[click](javascript:globalThis.hacked=5)",
  "[click](JaVaScRiPt:globalThis.hacked=6)",
  "<javascript:globalThis.hacked=7>",
  "[click](data:text/html,<script>hacked=8</script>)",
  "![pixel](http://192.0.2.1/pixel.png)",
  '<a href="javascript:globalThis.hacked=9">a</a>',
  "[ref]\n\n[ref]: javascript:globalThis.hacked=10",
].join("\n\n");
const LONG = "long".repeat(2_500);
const RTL = "\u202Egnp.exe\u202C \u200F\u2067right to left\u2069";

const TEXTS = [SCRIPT, ACTIVE, LINKS, LONG, RTL, "{{constructor}} ${7*7} \u001b[31m"];

/** The longest note that is accepted, in characters of one byte. */
const MAX_NOTE = 4_000;

/** Ids that are names of something in JavaScript, or look like something else. */
const IDS = [
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  `"><img src=x onerror=hacked=11>`,
  "a/../b",
  "%2e%2e",
]
  .concat("x".repeat(200), "javascript:hacked=12", "#/table?task=x&at=1", "ا".repeat(20));

browserTest(
  "hostile ids, descriptions, results, notes and names are shown as text, and nothing runs",
  async ({ start, open }) => {
    const place = await start();
    const { api } = place;
    await api.call("POST", "/groups", { group_id: "__proto__", title: SCRIPT, preamble: ACTIVE });
    await api.call("POST", "/groups", { group_id: `<b>group</b>`, title: RTL });
    await api.call("POST", "/templates", {
      name: "valueOf",
      description: SCRIPT,
      parameters: [{ name: "constructor", description: ACTIVE }],
      tasks: [{ id: "__proto__", description: `{{constructor}} ${SCRIPT}` }],
    });
    await api.create(...IDS.map((id, index) => ({
      id,
      description: TEXTS[index % TEXTS.length],
      group: index % 2 === 0 ? "__proto__" : "<b>group</b>",
      refs: { ["__proto__x"]: "javascript:globalThis.hacked=13", pr: SCRIPT },
      ...(index > 0 && { dependencies: [IDS[index - 1]] }),
    })));
    const holder = "<i onclick=hacked=14>";
    for (const [index, id] of IDS.slice(0, 6).entries()) {
      await api.act(id, "notes", { text: TEXTS[index]?.slice(0, MAX_NOTE) });
      await api.finish(
        id,
        index === 0 ? `{"__proto__": {"hacked": 15}, "html": ${JSON.stringify(SCRIPT)}}` : TEXTS[index],
        holder,
      );
    }
    await api.fail(IDS[6] ?? "", SCRIPT, holder);

    const user = await open(place, { at: "table" });
    const { page } = user;
    await page.getByText("Live", { exact: true }).waitFor();
    const views = page.getByRole("navigation", { name: "Views" }).getByRole("link");
    for (const name of await views.allTextContents()) {
      await views.getByText(name, { exact: true }).click();
      await settles(page);
      await isInert(page, name);
    }
    await user.goTo("templates?template=valueOf");
    await page.getByRole("region", { name: "Template valueOf" }).waitFor();
    await isInert(page, "template");
    for (const id of IDS) {
      await user.goTo(`board?task=${encodeURIComponent(id)}`);
      const panel = page.getByRole("complementary", { name: `Task ${id}`, exact: true });
      await panel.getByRole("heading", { name: "Description" }).waitFor();
      assertEquals(await panel.getByRole("heading").first().textContent(), id);
      await panel.getByText("History").first().click();
      await isInert(page, id);
    }
    await user.goTo("events");
    for (const more of (await page.getByRole("button", { name: "More" }).all()).slice(0, 5)) await more.click();
    await isInert(page, "events");
  },
);

browserTest("a task whose id no address can name is told, and deleted from the table", async ({ shared, open }) => {
  const place = await shared();
  // As a plan of an earlier version may have it.
  const plan = { "..": { id: "..", description: "", status: "pending", dependencies: [] } };
  assertEquals((await runHere(place.directory, ["import", "-"], { input: JSON.stringify(plan) })).code, 0);
  const { page } = await open(place, { at: "table?task=.." });
  await seesText(panelOf(page, ".."), "The id .. cannot be in an address");
  await rowOf(page, "..").getByRole("checkbox").check();
  await page.getByRole("toolbar").getByRole("button", { name: "Delete…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete 1 task" }).click();
  await seesText(page.getByRole("dialog"), "1 task deleted.");
});

async function settles(page: Page): Promise<void> {
  await page.waitForFunction(() => document.querySelector("#main > *") !== null && !document.querySelector(".loading"));
}

/** Asserts that no text became an element that acts, and that none makes the page wider than its window. */
async function isInert(page: Page, what: string): Promise<void> {
  const found = await page.evaluate(() => ({
    hacked: (globalThis as { hacked?: unknown }).hacked ?? ({} as { hacked?: unknown }).hacked,
    active: Array.from(document.querySelectorAll("#app :is(script, img, iframe, object, embed, base, meta, style)"))
      .concat(Array.from(document.querySelectorAll("#app [onerror], #app [onload], #app [onclick]")))
      .map(({ outerHTML }) => outerHTML.slice(0, 200)),
    links: Array.from(document.querySelectorAll<HTMLAnchorElement>("a"), ({ protocol }) => protocol)
      .filter((protocol) => !["http:", "https:", "mailto:"].includes(protocol)),
    overflow: document.documentElement.scrollWidth - innerWidth,
  }));
  assertEquals(found, { ...found, hacked: undefined, active: [], links: [] }, what);
  assert(found.overflow <= 0, `${what} is ${found.overflow} px too wide`);
}
