/** Logs each call when it ends: its name, how it ended, and the ids of who called and of what it changed. */

import { subjectsOf } from "../app/observed_call.ts";
import type { ObservedCall, Observer } from "../app/observer.ts";
import type { LeveledLog } from "./log.ts";

/** Most tasks and most instances that a line names. */
const MAX_LOGGED_IDS = 5;

/** An observer that logs calls; undefined if the log's level leaves them out. */
export function logCalls(log: LeveledLog): Observer | undefined {
  if (log.level !== "debug") return undefined;
  const written = new WeakMap<ObservedCall["caller"], ReturnType<typeof subjectsOf>>();
  return {
    onCommit(commit) {
      if (commit.failure !== undefined) return;
      for (const { caller, record } of commit.written) {
        if (caller.via !== undefined) written.set(caller, subjectsOf(record));
      }
    },
    onCall({ id, method, tool, caller, task, instance }) {
      const startedAt = performance.now();
      return ({ outcome, code }) => {
        const { tasks, instances } = written.get(caller) ?? { tasks: [], instances: [] };
        log.debug(
          `${[method, tool].filter((name) => name !== undefined).join(" ")}: ${outcome}`,
          {
            code,
            ms: Math.round(1_000 * (performance.now() - startedAt)) / 1_000,
            client: caller.name,
            transport: caller.via?.transport,
            task: listed(task, tasks),
            instance: listed(instance, instances),
            request: id,
          },
        );
      };
    },
  };
}

/** What the call named and what it changed, each once. */
function listed(named: string | undefined, changed: Iterable<string>): string | undefined {
  const ids = new Set([...(named === undefined ? [] : [named]), ...changed]);
  const more = ids.size - MAX_LOGGED_IDS;
  return ids.size === 0
    ? undefined
    : [...ids].slice(0, MAX_LOGGED_IDS).join(",") + (more > 0 ? ` and ${more} more` : "");
}
