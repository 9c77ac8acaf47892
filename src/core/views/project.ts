/** The project as callers see it. */

import type { ProjectView } from "../model/project.ts";
import type { ReadonlyState } from "../state/state.ts";

export function viewOfProject({ pause }: ReadonlyState): ProjectView {
  return pause === undefined ? {} : { paused: pause };
}
