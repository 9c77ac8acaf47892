/** Shows that the name of a project is a name of a directory everywhere, and that every directory has names to offer. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import { checkProjectName, isProjectName, MAX_PROJECT_NAME, namesFor } from "../../../src/core/model/project_name.ts";
import { Refusal } from "../../../src/core/model/refusal.ts";

const DIGEST = "0123456789abcdef".repeat(4);

Deno.test("names are lower case, without separators, and no device", () => {
  for (const name of ["web", "a", "7", "web-2", "my_app", "v1.2", "a.b-c_d", "w".repeat(MAX_PROJECT_NAME)]) {
    assertEquals(checkProjectName(name), name);
  }
  const refused = [
    "",
    ".",
    "..",
    "../web",
    "a/b",
    "a\\b",
    "Web",
    "web.",
    ".web",
    "-web",
    "_web",
    "a b",
    "a:b",
    "ü",
    "a\n",
  ];
  refused.push("auto", "con", "nul", "com1", "lpt9.txt", "w".repeat(MAX_PROJECT_NAME + 1), "%2e", "~", "$HOME");
  for (const name of refused) {
    assertThrows(() => checkProjectName(name), Refusal, "a name has 1 to 63 of a-z");
  }
});

Deno.test("a directory's own name comes first, then the same with more and more of the digest", () => {
  assertEquals(namesFor("web", DIGEST), ["web", "web-0123", "web-01234567", "web-0123456789abcdef"]);
  for (
    const [folder, name] of [
      ["My App", "my-app"],
      ["Ünïcode", "unicode"],
      ["日本", "project"],
      [".dotfiles", "dotfiles"],
      ["a".repeat(100), "a".repeat(40)],
      ["..", "project"],
      ["-", "project"],
    ] as const
  ) {
    assertEquals(namesFor(folder, DIGEST)[0], name, folder);
  }
  assertEquals(namesFor("con", DIGEST)[0], "con-0123");
  assertEquals(namesFor("Auto", DIGEST)[0], "auto-0123");
});

Deno.test("whatever a directory is called, there are several different names for it, all valid", () => {
  const folders = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 80 }),
    fc.stringMatching(/^[A-Za-z0-9 ._-]{0,80}$/),
    fc.constantFrom("con", "nul.txt", "com3", "auto", "..", "a.", "x".repeat(39) + "."),
  );
  fc.assert(fc.property(folders, (folder) => {
    const names = namesFor(folder, DIGEST);
    assert(names.length >= 3 && names.every(isProjectName), `${folder}: ${names}`);
    assertEquals(new Set(names).size, names.length);
  }));
});
