/** Shows that a snapshot stays as it is whatever happens to the state that was made of it. */

import { assertEquals } from "@std/assert";
import { emptyState } from "../../../src/core/state/state.ts";
import { newTask, run } from "../given.ts";
import { restore, snapshotOf } from "../snapshot.ts";

Deno.test({
  name: "a version that is saved after a snapshot is in the restored state only",
  permissions: "none",
  fn() {
    const state = emptyState();
    const save = { type: "save_template", template: { name: "t", parameters: [], tasks: [newTask("x")] } } as const;
    run(state, save, 1);
    const snapshot = snapshotOf(state);
    const restored = restore(snapshot);
    run(restored, save, 2);
    const countVersions = ({ templates }: ReturnType<typeof snapshotOf>) =>
      templates.map((each) => each.versions.length);
    assertEquals([snapshot, snapshotOf(state), snapshotOf(restored)].map(countVersions), [[1], [1], [2]]);
  },
});
