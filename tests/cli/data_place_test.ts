/** Shows which directory is meant by what is said, on each system, and what is refused because it cannot be meant. */

import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { exists } from "@std/fs";
import { Unavailable } from "../../src/app/ports.ts";
import { describeDefault, placeOf } from "../../src/cli/data_place.ts";
import { runProgram } from "../support/program.ts";
import { MAIN } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";

interface Given {
  readonly option?: string;
  readonly os?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly program?: "source" | "bundle" | "standalone";
  /** Directories with data. */
  readonly data?: readonly string[];
}

/** The directory, and the warnings. */
function place({ option, os = "linux", env = {}, program = "source", data = [] }: Given): [string, ...string[]] {
  const warnings: string[] = [];
  const { directory, isNamed } = placeOf({
    option,
    os,
    environment: (variable) => env[variable],
    programDirectory: program === "standalone" ? undefined : "/program",
    isSource: program === "source",
    holdsData: (directory) => data.includes(directory),
    warn: (message) => warnings.push(message),
  });
  assertEquals(isNamed, option !== undefined || Boolean(env["ORCHESTRATOR_DATA_DIR"]));
  return [directory, ...warnings];
}

const refusal = (given: Given) => assertThrows(() => place(given), Unavailable).message;

Deno.test("--data comes first, then ORCHESTRATOR_DATA_DIR, then the default", () => {
  const env = { ORCHESTRATOR_DATA_DIR: "/variable", HOME: "/home/ann" };
  assertEquals(place({ option: "/option", env }), ["/option"]);
  assertEquals(place({ option: "relative", env }), ["relative"]);
  assertEquals(place({ env }), ["/variable"]);
  assertEquals(place({ env: { ...env, ORCHESTRATOR_DATA_DIR: "" } }), ["/program/data"]);
  assertEquals(place({}), ["/program/data"]);
});

Deno.test("a bundle and a standalone program keep the data in the user's data directory of the system", () => {
  const windows = { USERPROFILE: "C:\\Users\\ann", LOCALAPPDATA: "D:\\Local" };
  for (const program of ["bundle", "standalone"] as const) {
    for (
      const [os, env, expected] of [
        ["linux", { HOME: "/home/ann" }, "/home/ann/.local/share/mcp-orchestrator"],
        ["linux", { HOME: "/home/ann", XDG_DATA_HOME: "/xdg" }, "/xdg/mcp-orchestrator"],
        ["linux", { HOME: "/home/ann", XDG_DATA_HOME: "" }, "/home/ann/.local/share/mcp-orchestrator"],
        ["linux", { XDG_DATA_HOME: "/xdg" }, "/xdg/mcp-orchestrator"],
        ["darwin", { HOME: "/Users/ann" }, "/Users/ann/Library/Application Support/mcp-orchestrator"],
        ["darwin", { HOME: "/Users/ann", XDG_DATA_HOME: "/xdg" }, "/xdg/mcp-orchestrator"],
        ["windows", windows, "D:\\Local/mcp-orchestrator"],
        ["windows", { USERPROFILE: "C:\\Users\\ann" }, "C:\\Users\\ann/AppData/Local/mcp-orchestrator"],
      ] as const
    ) {
      assertEquals(place({ os, env, program }), [expected], `${program} on ${os}`);
    }
  }
});

Deno.test("data in the default place of an earlier version is used, with a warning", () => {
  for (
    const [program, os, former] of [
      ["bundle", "linux", "/program/data"],
      ["bundle", "darwin", "/program/data"],
      ["standalone", "darwin", "/home/ann/.local/share/mcp-orchestrator"],
    ] as const
  ) {
    const given = { program, os, env: { HOME: "/home/ann" } };
    assertEquals(place({ ...given, option: "/option", data: [former] }), ["/option"]);
    const [directory, warning = ""] = place({ ...given, data: [former] });
    assertEquals(directory, former);
    assertStringIncludes(warning, `The data is in ${former}, where earlier versions kept it`);
    assertEquals(place(given).length, 1, "no warning where nothing is");
  }
});

Deno.test("a missing, empty or relative home is refused only if the default needs it", () => {
  for (
    const [os, env, says] of [
      ["linux", {}, "HOME is not set, or may not be read"],
      ["linux", { HOME: "" }, "HOME is empty"],
      ["linux", { HOME: "home/ann" }, "HOME is home/ann, which is no absolute path"],
      ["linux", { HOME: "/home/ann", XDG_DATA_HOME: "share" }, "XDG_DATA_HOME is share, which is no absolute path"],
      ["darwin", { HOME: "." }, "HOME is ., which is no absolute path"],
      ["windows", { HOME: "/home/ann" }, "USERPROFILE is not set"],
      ["windows", { LOCALAPPDATA: "Local" }, "LOCALAPPDATA is Local, which is no absolute path"],
      ["windows", { USERPROFILE: "/Users/ann" }, "USERPROFILE is /Users/ann, which is no absolute path"],
    ] as const
  ) {
    for (const program of ["bundle", "standalone"] as const) {
      const message = refusal({ os, env, program });
      assertStringIncludes(message, says);
      assertStringIncludes(message, "Name a directory with --data");
      assertEquals(place({ os, env, program, option: "/option" }), ["/option"]);
    }
    assertEquals(place({ os, env }), ["/program/data"]);
  }
});

Deno.test("a path with an unexpanded variable or ~ is refused, with the probable path", () => {
  const env = { HOME: "/home/ann", WORK: "/plans" };
  for (
    const [option, unreplaced, meant] of [
      ["~", "~", "/home/ann"],
      ["~/x", "~", "/home/ann/x"],
      ["$HOME/x", "$HOME", "/home/ann/x"],
      ["${HOME}/x", "${HOME}", "/home/ann/x"],
      ["${env:HOME}/x", "${env:HOME}", "/home/ann/x"],
      ["${userHome}/x", "${userHome}", "/home/ann/x"],
      ["$WORK/x", "$WORK", "/plans/x"],
      ["%WORK%/x", "%WORK%", "/plans/x"],
      ["/data/$UNKNOWN/x", "$UNKNOWN", undefined],
      ["~bob/x", "~bob", undefined],
      ["${workspaceFolder}/x", "${workspaceFolder}", undefined],
      ["${workspaceFolder}/$HOME", "${workspaceFolder}, $HOME", undefined],
    ] as const
  ) {
    const message = refusal({ option, env });
    assertStringIncludes(message, `--data is ${option}, and nothing has replaced ${unreplaced}`);
    assertStringIncludes(message, meant === undefined ? "Give the absolute path." : `which is probably ${meant}.`);
    assertStringIncludes(refusal({ option, env: {} }), "Give the absolute path.");
    assertStringIncludes(refusal({ env: { ...env, ORCHESTRATOR_DATA_DIR: option } }), "ORCHESTRATOR_DATA_DIR is ");
    assertEquals(place({ option: `./${option}`, env }), [`./${option}`], "the way out that the message names");
  }
});

Deno.test("paths that only look similar are accepted", () => {
  for (const option of ["/a/~/b", "x~", "C:\\PROGRA~1\\x", "/price/$5", "/50%/x", "/a$", "data", "/a b/c"]) {
    assertEquals(place({ option }), [option]);
  }
});

Deno.test("help has the default directory without a file access", () => {
  assertEquals(describeDefault({ isSource: true, programDirectory: "/program" }), "/program/data");
  assertEquals(
    describeDefault({ isSource: false, programDirectory: "/program" }),
    "mcp-orchestrator in the directory for the user's data",
  );
});

Deno.test("the program refuses an unexpanded path in one line, for every command, and creates no directory", async () => {
  await using directory = await temporaryDirectory();
  const options = ["run", "--quiet", "--no-prompt", "--allow-read", "--allow-write", "--allow-env=PLACE", MAIN];
  for (const command of [[], ["status"], ["import", "-"], ["verify"]]) {
    const args = [...options, "--data", "$PLACE/x", ...command];
    const { code, log } = await runProgram("", [], { args, input: "{}", env: { PLACE: directory.path } });
    assertEquals([code, log.split("\n").length], [1, 2], log);
    assertStringIncludes(log, `which is probably ${directory.path}/x.`);
  }
  assertEquals(await Array.fromAsync(Deno.readDir(directory.path)), []);
  assertEquals(await exists("$PLACE"), false);
});
