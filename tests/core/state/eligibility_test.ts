/** Shows who may claim what: each thing that a task asks is asked, and what a call says takes the place of what was registered. */

import { assertEquals } from "@std/assert";
import type { TaskSettings } from "../../../src/core/model/task.ts";
import {
  isEligible,
  missingOf,
  profileOf,
  type Requirement,
  requirementOf,
} from "../../../src/core/state/eligibility.ts";
import { oldTask } from "../given.ts";

Deno.test({
  name:
    "role, reserved role and capabilities are asked together while the reservation lasts, and without it afterwards",
  permissions: "none",
  fn() {
    const settings: TaskSettings = { role: "own", assignTo: { role: "reserved" }, capabilities: ["c", "d"] };
    const asked = (isReserved: boolean) => ({
      requirement: requirementOf(oldTask("a", settings), { isReserved, excluded: [] }),
    });
    for (
      const [roles, capabilities, whileReserved, afterwards] of [
        [["own", "reserved"], ["c", "d"], [], []],
        [["own"], ["c", "d"], ["role reserved"], []],
        [["reserved"], ["c", "d"], ["role own"], ["role own"]],
        [["own", "reserved"], ["d"], ["capability c"], ["capability c"]],
        [[], [], ["role own", "role reserved", "capability c", "capability d"], [
          "role own",
          "capability c",
          "capability d",
        ]],
      ] as const
    ) {
      const profile = profileOf("x", undefined, { roles, capabilities });
      for (const [isReserved, missing] of [[true, whileReserved], [false, afterwards]] as const) {
        assertEquals(missingOf(profile, asked(isReserved)), missing);
        assertEquals(isEligible(profile, asked(isReserved)), missing.length === 0);
      }
    }
    const task = oldTask("a", { ...settings, assignTo: { instance: "x" } });
    const eligible = (requirement: Requirement) =>
      ["x", "y"].filter((id) => isEligible(profileOf(id, undefined), { requirement }));
    assertEquals(eligible(requirementOf(task, { isReserved: true, excluded: [] })), ["x"]);
    assertEquals(eligible(requirementOf(task, { isReserved: true, excluded: ["x"] })), []);
    assertEquals(eligible(requirementOf(oldTask("b"), { isReserved: false, excluded: ["x"] })), ["y"]);
  },
});

Deno.test({
  name: "roles that a call says take the place of registered roles alone, and capabilities that of capabilities alone",
  permissions: "none",
  fn() {
    const registered = {
      id: "x",
      status: "active",
      registeredAt: 1,
      seenAt: 1,
      roles: ["r"],
      capabilities: ["c"],
    } as const;
    for (
      const [said, roles, capabilities] of [
        [{}, ["r"], ["c"]],
        [{ roles: ["s"] }, ["s"], ["c"]],
        [{ capabilities: ["d"] }, ["r"], ["d"]],
        [{ roles: ["s"], capabilities: ["d"] }, ["s"], ["d"]],
        [{ roles: [] }, [], ["c"]],
      ] as const
    ) {
      const profile = profileOf("x", registered, said);
      assertEquals([[...profile.roles], [...profile.capabilities]], [roles, capabilities]);
    }
  },
});
