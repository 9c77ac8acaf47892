/** Shows that the answers to a whole plan leave room in the contexts of its agents. */

import { assert } from "@std/assert";
import { answerBytesPerTask, MAX_ANSWER_BYTES } from "./answers.ts";

Deno.test("twenty tasks worked through by three instances cost at most 900 bytes of answers each", async () => {
  const bytes = await answerBytesPerTask();
  assert(bytes <= MAX_ANSWER_BYTES, `${bytes} bytes`);
  assert(bytes > 300, `${bytes} bytes: what is counted are whole answers`);
});
