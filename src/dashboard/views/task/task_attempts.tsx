/** The attempts before the present one: who tried, how long, and how it ended. */

import type { AttemptView } from "../../api/types.ts";
import { Duration, Time } from "../../ui/time.tsx";

export function TaskAttempts({ attempts }: { readonly attempts: readonly AttemptView[] }) {
  return (
    <section>
      <h3>Earlier attempts</h3>
      <ol class="attempts">
        {attempts.toReversed().map(({ attempt, instance, startedAt, durationMs, outcome, message }) => (
          <li key={attempt}>
            <span>
              {attempt}. <strong>{outcome}</strong> by <span class="id">{instance}</span>{" "}
              <span class="quiet">
                after <Duration ms={durationMs} />, <Time at={Date.parse(startedAt) + durationMs} />
              </span>
            </span>
            {message !== undefined && <pre class="raw">{message}</pre>}
          </li>
        ))}
      </ol>
    </section>
  );
}
