/**
 * The rules for instances: they register, send heartbeats and leave.
 */

import type { Event } from "../messages/events.ts";
import type { Instance } from "../model/instance.ts";
import { checkAll } from "../model/faults.ts";
import { MAX_INSTANCES, MAX_RECORD_TASKS } from "../model/limits.ts";
import { Refusal } from "../model/refusal.ts";
import { printable } from "../model/values.ts";
import { countHeldBy, firstHeldBy } from "../state/lookup.ts";
import { wholeOf } from "../state/sight.ts";
import type { ReadonlyState } from "../state/state.ts";
import { clockWarning } from "../views/clock_warning.ts";
import { instanceViewOf } from "../views/instances.ts";
import { newsFor } from "../views/news.ts";
import { releaseEvents } from "./attempts.ts";
import { checkInstance, checkNewInstance } from "./checks/instance.ts";
import { checkInstanceSettings } from "./checks/settings.ts";
import type { Deciders } from "./decision.ts";
import { checkNotInUse } from "./sessions.ts";
import { audiencesIn, heartbeatOf } from "./heartbeat.ts";

export const instanceDeciders: Deciders<"register_instance" | "heartbeat" | "leave"> = {
  register_instance(state, { instance, settings }, { caller }) {
    checkAll(
      () => checkNewInstance(state, instance),
      () => checkInstanceSettings(settings, instance),
      () => !state.instances.has(instance) && checkRoom(state),
    );
    const news = newsFor(state, { instance, caller });
    return {
      events: [{ type: "instance.registered", instance, settings, ...audiencesIn(state) }],
      answer: (after) => heartbeatOf(after, instance, { caller, news }),
    };
  },

  heartbeat(state, { instance, isUnread }, context) {
    checkInstance(state, instance);
    const news = isUnread === true ? {} : newsFor(state, { instance, caller: context.caller });
    const warning = clockWarning(context);
    // `decide` adds the event of a heartbeat to every command of an instance.
    const answer = (after: ReadonlyState) => ({
      ...heartbeatOf(after, instance, { ...context, news }),
      ...(warning !== undefined && { clockWarning: warning }),
    });
    return { events: [], answer };
  },

  leave(state, { instance: id, isDraining }, { caller }) {
    const instance = findInstance(state, id);
    const whole = wholeOf(state);
    if (isDraining !== true) checkNotInUse(state, id, caller);
    const answer = (after: ReadonlyState) => instanceViewOf(after, findInstance(after, id));
    if (isDraining === true) {
      return { events: instance.status === "active" ? [{ type: "instance.drained", instance: id }] : [], answer };
    }
    if (instance.status === "left") return { events: [], answer };
    const released = firstHeldBy(whole, id, MAX_RECORD_TASKS)
      .flatMap(({ task }): readonly Event[] => releaseEvents(task, "its instance left"));
    if (released.length === countHeldBy(whole, id)) {
      return { events: [...released, { type: "instance.left", instance: id }], answer };
    }
    // It holds more tasks than one record can release: it drains, and further calls release the others.
    const isDrainingNow = instance.status === "draining";
    return { events: isDrainingNow ? released : [{ type: "instance.drained", instance: id }, ...released], answer };
  },
};

/** The registered instance with an id. Throws a `Refusal` if there is none. */
function findInstance(state: ReadonlyState, id: string): Instance {
  const instance = state.instances.get(id)?.instance;
  if (instance !== undefined) return instance;
  throw new Refusal("not_found", `Instance ${printable(id)} not found: list_instances lists those that registered`, {
    instance: printable(id),
  });
}

function checkRoom({ instances }: ReadonlyState): void {
  if (instances.size < MAX_INSTANCES) return;
  for (const { instance } of instances.values()) if (instance.status === "left" || instance.status === "lost") return;
  throw new Refusal("limit_exceeded", `Cannot register more than ${MAX_INSTANCES} instances: others must leave first`, {
    limit: MAX_INSTANCES,
  });
}
