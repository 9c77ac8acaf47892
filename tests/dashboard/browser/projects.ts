/** Several projects of one service in one browser: each page shows its own plan, with a session of its own. */

import { assertEquals } from "@std/assert";
import type { Page } from "playwright-core";
import { missingOnWindows, testUnless } from "../../support/needs.ts";
import { startProjects, temporaryHome } from "../../support/projects.ts";
import { until } from "../../support/until.ts";
import { chromium, missingChromium } from "./support/chromium.ts";

testUnless(
  missingChromium ?? missingOnWindows("HOME in these tests"),
  "two projects in one browser: each tab is signed in to its own, and is told its own events only",
)(async () => {
  await using home = await temporaryHome();
  await using service = await startProjects(home, "--project", "web", "--project", "api", "serve");
  await until("both are served", () => ["web", "api"].every((name) => service.log.includes(`/p/${name}/#key=`)));
  const context = await (await chromium()).newContext({ reducedMotion: "reduce" });
  const faults: string[] = [];
  context.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  try {
    const pages = new Map<string, Page>();
    for (const name of ["web", "api"]) {
      const page = await context.newPage();
      const [address = ""] = new RegExp(`http://\\S+/p/${name}/#key=\\S+`).exec(service.log) ?? [];
      await page.goto(address);
      await page.getByRole("navigation", { name: "Views" }).waitFor();
      await page.evaluate(() => location.hash = "#/table");
      pages.set(name, page);
    }
    for (const name of ["web", "api"]) {
      const create = [
        "--project",
        name,
        "call",
        "create_task",
        JSON.stringify({ id: `in-${name}`, description: "" }),
      ];
      assertEquals((await home.run("home", create)).code, 0);
      await pages.get(name)?.getByText(`in-${name}`).first().waitFor();
    }
    assertEquals(await pages.get("web")?.getByText("in-api").count(), 0);
    assertEquals(await pages.get("api")?.getByText("in-web").count(), 0);
    const cookies = await context.cookies([service.url("/p/web/").href, service.url("/p/api/").href]);
    assertEquals(cookies.map(({ path }) => path).sort(), ["/p/api/", "/p/web/"]);
    assertEquals(faults, []);
  } finally {
    await context.close();
  }
});
