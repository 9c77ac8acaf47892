/** Says that the project is paused, and lets admins end that. */

import { change } from "../api/client.ts";
import type { IsoTime } from "../api/types.ts";
import { hasRole } from "../session.ts";
import { ActionButton } from "./action.tsx";
import { useLoaded } from "./loaded.ts";
import { Time } from "./time.tsx";

interface Project {
  readonly paused: boolean;
  readonly reason?: string;
  readonly since?: IsoTime;
  readonly by?: string;
}

export function PauseNotice() {
  const { data, reload } = useLoaded<Project>("/project", { isAffected: ({ type }) => type.startsWith("project.") });
  const project = data.value;
  if (project?.paused !== true) return null;
  return (
    <p class="banner" role="status">
      The project is paused: {project.reason}
      {project.since !== undefined && (
        <span class="quiet">
          since <Time at={project.since} /> by {project.by}
        </span>
      )}
      {hasRole("admin") && (
        <ActionButton run={() => change("POST", "/project/resume").then(reload)} done="Resumed the project">
          Resume
        </ActionButton>
      )}
    </p>
  );
}
