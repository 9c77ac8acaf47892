/** What tests of webhooks share: a desk without a network. */

import type { Engine } from "../../src/app/engine.ts";
import type { Deliveries } from "../../src/app/ports.ts";
import type { WebhookDesk } from "../../src/app/webhook_desk.ts";
import { openDesk } from "../../src/webhooks/desk.ts";
import { MemoryDeliveries } from "../../src/store/memory/memory_deliveries.ts";

/** A desk that may connect to no host. */
export function deskInMemory(
  engine: Pick<Engine, "now" | "source">,
  deliveries: Deliveries = new MemoryDeliveries(),
): WebhookDesk {
  return openDesk({
    deliveries,
    version: "0.0.0",
    allowPrivate: false,
    isPermitted: () => false,
    now: () => engine.now(),
    source: () => engine.source(),
  });
}
