/** Why a task does not move, what would change that, and each dependency with its state. */

import type { ExplainedDependency, Explanation } from "../../api/types.ts";
import { TaskLink } from "../../ui/status.tsx";
import { TextWithTimes } from "../../ui/time.tsx";
import { plan } from "../../live/live_plan.ts";

export function WhyItWaits({ explanation }: { readonly explanation: Explanation }) {
  const { why, whatWouldChange, dependencies = [], moreDependencies = 0, roots = [] } = explanation;
  return (
    <section class="why">
      <h3>Why</h3>
      <p>
        <TextWithTimes text={why} />
      </p>
      {whatWouldChange.length > 0 && (
        <>
          <p class="quiet">What would change that:</p>
          <ul>
            {whatWouldChange.map((remedy) => (
              <li key={remedy}>
                <TextWithTimes text={remedy} />
              </li>
            ))}
          </ul>
        </>
      )}
      {roots.length > 0 && (
        <p>
          It finally waits for {roots.map(({ id }) => <TaskLink key={id} id={id} />)}
        </p>
      )}
      {dependencies.length > 0 && (
        <>
          <h4>Dependencies</h4>
          <Dependencies dependencies={dependencies} more={moreDependencies} />
        </>
      )}
    </section>
  );
}

function Dependencies(
  { dependencies, more }: { readonly dependencies: readonly ExplainedDependency[]; readonly more: number },
) {
  return (
    <ul class="dependencies">
      {dependencies.map((each, index) => (
        <li key={index}>
          {plan.value?.rowOf(each.dependency) === undefined
            ? <span class="id">{each.dependency}</span>
            : <TaskLink id={each.dependency} />}{" "}
          <span class="quiet">{[each.state, each.verdict].filter(Boolean).join(", ")}</span>
          {each.of !== undefined && <Dependencies dependencies={each.of} more={each.more ?? 0} />}
        </li>
      ))}
      {more > 0 && <li class="quiet">and {more} more</li>}
    </ul>
  );
}
