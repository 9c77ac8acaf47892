/** The commands `pause` and `resume`. */

import type { Engine } from "../app/engine.ts";
import { detailsOf } from "../core/model/project.ts";
import { OPERATOR, type Terminal, visible } from "./commands.ts";

/** Pauses the project, and prints since when it is paused. */
export async function printPause(engine: Engine, reason: string, terminal: Terminal): Promise<number> {
  const { paused } = await engine.execute({ type: "pause_project", reason }, OPERATOR);
  if (paused !== undefined) terminal.print(visible(`Paused ${detailsOf(paused)}`));
  terminal.print("Held tasks can be reported on, completed, failed and released; resume lets agents claim again.");
  return 0;
}

/** Resumes the project, and prints whether it was paused. */
export async function printResume(engine: Engine, terminal: Terminal): Promise<number> {
  const { paused } = await engine.query({ type: "get_project" }, OPERATOR);
  await engine.execute({ type: "resume_project" }, OPERATOR);
  terminal.print(
    paused === undefined
      ? "The project is not paused: nothing was changed."
      : visible(`Resumed. It was paused ${detailsOf(paused)}`),
  );
  return 0;
}
