/** Questions about the plan on an engine in this process, answered in the thread of the test. */

import type { Engine } from "../../src/app/engine.ts";
import type { Journal, Log } from "../../src/app/ports.ts";
import { Questions } from "../../src/app/questions.ts";
import { startAnswering } from "../../src/composition/answering.ts";
import { noCheckpoints } from "../../src/store/memory/memory_journal.ts";

export function questionsOf(engine: Engine, journal: Journal, log: Log): Questions {
  return new Questions({
    engine,
    answering: startAnswering({ journal, checkpoints: noCheckpoints, location: { store: "memory" }, log }),
  });
}
