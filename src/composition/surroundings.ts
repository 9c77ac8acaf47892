/** What the program knows of where it runs, for finding its data. */

import type { Log } from "../app/ports.ts";
import type { ProjectsPlaceOptions } from "../cli/data_place.ts";
import type { LaunchOptions } from "../cli/launch.ts";

export interface Surroundings extends ProjectsPlaceOptions {
  readonly program: LaunchOptions & {
    /** The directory of the program's file; undefined for a standalone program. */
    readonly programDirectory: string | undefined;
    /** Whether the program runs from its sources, not as a bundle or a standalone program. */
    readonly isSource: boolean;
  };
  /** Whether a variable of the environment may be read. */
  readonly mayRead: (variable: string) => boolean;
  readonly workingDirectory: () => string;
  readonly log: Log;
}
