/**
 * The second act: what a plan meets in practice. Workers that fall silent, work that cannot wait, branches of which one
 * is enough, shares that are enough, and a plan that was made before.
 */

import { checkAllEnded, checkOneHolder, checkOrder } from "./checks.ts";
import { EITHER } from "./scenes/either.ts";
import { SHARE } from "./scenes/share.ts";
import { SILENCE } from "./scenes/silence.ts";
import { TEMPLATE } from "./scenes/template.ts";
import { URGENT } from "./scenes/urgent.ts";
import type { Act } from "./stage.ts";

export const ACT_TWO: Act = {
  name: "Act 2",
  title: "what a plan meets in practice",
  scenes: [SILENCE, URGENT, EITHER, SHARE, TEMPLATE],
  check: (records) => [checkOrder(records), checkOneHolder(records), checkAllEnded(records)],
};
