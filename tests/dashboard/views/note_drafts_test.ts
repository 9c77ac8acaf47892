/** Notes that are typed and not sent. */

import { assertEquals } from "@std/assert";
import { draftOf, dropDrafts, keepDraft, MAX_DRAFTS } from "../../../src/dashboard/views/task/note_drafts.ts";

Deno.test("drafts are bounded: that typed into longest ago is dropped", () => {
  for (let n = 0; n < MAX_DRAFTS; n++) keepDraft(`t${n}`, `text ${n}`);
  keepDraft("t0", "more");
  keepDraft("another", "text");
  assertEquals(["t0", "t1", "t2", "another"].map(draftOf), ["more", "", "text 2", "text"]);
  keepDraft("another", "");
  keepDraft("t1", "again");
  assertEquals(["t1", "t2", "another"].map(draftOf), ["again", "text 2", ""]);
  dropDrafts();
  assertEquals(["t0", "t1", "t2"].map(draftOf), ["", "", ""]);
});
