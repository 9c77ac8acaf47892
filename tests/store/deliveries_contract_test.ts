/** Shows that each store keeps what every store promises of deliveries. */

import { realDisk } from "../../src/store/file/disk.ts";
import { DeliveryFiles } from "../../src/store/file/delivery_files.ts";
import { MemoryDeliveries } from "../../src/store/memory/memory_deliveries.ts";
import type { Deliveries } from "../../src/app/ports.ts";
import { overriding } from "../support/overriding.ts";
import { temporaryDirectory } from "../support/temp.ts";
import { type DeliveriesProcess, testDeliveries } from "./deliveries_contract.ts";
import { closingDisk } from "./file/closing_disk.ts";

testDeliveries("DeliveryFiles", {
  permissions: { read: "inherit", write: "inherit" },
  async make() {
    const directory = await temporaryDirectory();
    return {
      start() {
        const { disk, closeAll } = closingDisk(realDisk);
        return { deliveries: new DeliveryFiles({ directory: directory.path, disk }), kill: closeAll };
      },
      [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
    };
  },
});

testDeliveries("MemoryDeliveries", {
  permissions: "none",
  make() {
    const deliveries = new MemoryDeliveries();
    return Promise.resolve({
      start: () => processIn(deliveries),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  },
});

/** There is one process only, so killing it means that the leads it has are disposed of. */
function processIn(shared: MemoryDeliveries): DeliveriesProcess {
  const leads: AsyncDisposable[] = [];
  const deliveries = overriding<Deliveries>(shared, {
    async lead(name) {
      const lead = await shared.lead(name);
      if (lead !== undefined) leads.push(lead);
      return lead;
    },
  });
  return {
    deliveries,
    kill() {
      for (const lead of leads) lead[Symbol.asyncDispose]();
    },
  };
}
