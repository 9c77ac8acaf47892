/** Shows how the repository of a directory is found from git's files, with the paths of both kinds of systems. */

import { posix, win32 } from "node:path";
import { assertEquals, assertThrows } from "@std/assert";
import { findRepository, type Paths, shownDirectory } from "../../src/composition/repository.ts";
import { Refusal } from "../../src/core/model/refusal.ts";

/** Git's files by their paths; a directory that only has others has no text. */
type Files = Readonly<Record<string, string>>;

/** The files of a repository of git. */
function repository(directory: string, separator = "/"): Files {
  const at = (name: string) => `${directory}${separator}${name}`;
  return { [at("HEAD")]: "ref: refs/heads/main\n", [at("objects")]: "", [at("refs")]: "" };
}

function find(start: string, files: Files, paths: Paths = posix) {
  const isDirectory = (path: string) => {
    return ["objects", "refs"].includes(paths.basename(path)) ||
      Object.keys(files).some((file) => file !== path && file.startsWith(path.endsWith("\\") ? path : path + slash));
  };
  const slash = paths === posix ? "/" : "\\";
  return findRepository(start, {
    kindAt: (path) =>
      isDirectory(path)
        ? (path in files || !/(objects|refs)$/.test(path) ? "directory" : undefined)
        : path in files
        ? "file"
        : undefined,
    readText: (path) => files[path] ?? "",
    realPath: (path) => isDirectory(path) ? path : undefined,
  }, paths);
}

Deno.test("a work tree and all directories in it belong to the repository", () => {
  const files = repository("/home/ann/web/.git");
  for (const start of ["/home/ann/web", "/home/ann/web/src/deep", "/home/ann/web/.git", "/home/ann/web/.git/hooks"]) {
    assertEquals(find(start, files), { directory: "/home/ann/web/.git", folder: "web" }, start);
  }
  assertEquals(find("/home/ann", files), undefined);
  assertEquals(find("/", files), undefined);
});

Deno.test("a linked work tree belongs to the repository that it was made of", () => {
  const files = {
    ...repository("/home/ann/web/.git"),
    "/home/ann/fix/.git": "gitdir: /home/ann/web/.git/worktrees/fix\n",
    "/home/ann/web/.git/worktrees/fix/HEAD": "ref: refs/heads/fix\n",
    "/home/ann/web/.git/worktrees/fix/commondir": "../..\n",
  };
  assertEquals(find("/home/ann/fix/src", files), { directory: "/home/ann/web/.git", folder: "web" });
});

Deno.test("a submodule is a repository of its own", () => {
  const files = {
    ...repository("/home/ann/web/.git"),
    ...repository("/home/ann/web/.git/modules/lib"),
    "/home/ann/web/lib/.git": "gitdir: ../.git/modules/lib",
  };
  assertEquals(find("/home/ann/web/lib", files), { directory: "/home/ann/web/.git/modules/lib", folder: "lib" });
});

Deno.test("a bare repository has the name of its directory, without .git, or of the one that hides it", () => {
  assertEquals(find("/srv/web.git", repository("/srv/web.git")), { directory: "/srv/web.git", folder: "web" });
  const hidden = { ...repository("/srv/web/.bare"), "/srv/web/.git": "gitdir: ./.bare\n" };
  assertEquals(find("/srv/web", hidden), { directory: "/srv/web/.bare", folder: "web" });
});

Deno.test("a directory .git that is no repository is passed over, as git does", () => {
  const files = { ...repository("/home/ann/web/.git"), "/home/ann/web/sub/.git/notes": "" };
  assertEquals(find("/home/ann/web/sub", files)?.directory, "/home/ann/web/.git");
});

Deno.test("a file .git that leads nowhere is refused, and says what mends it", () => {
  for (const text of ["gitdir: /gone/.git/worktrees/fix\n", "something else", ""]) {
    const refused = assertThrows(() => find("/home/ann/fix", { "/home/ann/fix/.git": text }), Refusal);
    assertEquals(/git worktree repair.*--project NAME/.test(refused.message), true, refused.message);
  }
  const files = {
    "/fix/.git": "gitdir: /w/fix",
    "/w/fix/HEAD": "",
    "/w/fix/commondir": "/gone/.git",
  };
  assertThrows(() => find("/fix", files), Refusal, "/gone/.git, which it belongs to, is not there");
});

Deno.test("paths of Windows are read as such", () => {
  const files = {
    ...repository("C:\\Users\\ann\\web\\.git", "\\"),
    "D:\\fix\\.git": "gitdir: C:/Users/ann/web/.git/worktrees/fix\r\n",
    "C:\\Users\\ann\\web\\.git\\worktrees\\fix\\HEAD": "",
    "C:\\Users\\ann\\web\\.git\\worktrees\\fix\\commondir": "../..\n",
  };
  const expected = { directory: "C:\\Users\\ann\\web\\.git", folder: "web" };
  assertEquals(find("C:\\Users\\ann\\web\\src", files, win32), expected);
  assertEquals(find("D:\\fix", files, win32), expected);
  assertEquals(find("D:\\", files, win32), undefined);
  assertEquals(shownDirectory(expected.directory, win32), "C:\\Users\\ann\\web");
  assertEquals(shownDirectory("/srv/web.git", posix), "/srv/web.git");
});
