/** The rule for notes: whoever may work may add one to a task, whatever its state. */

import { MAX_NOTE_BYTES } from "../model/limits.ts";
import { checkAll } from "../model/faults.ts";
import { Refusal } from "../model/refusal.ts";
import { checkText } from "../model/values.ts";
import { findTask } from "../state/lookup.ts";
import { countNotes } from "../state/news.ts";
import { checkNewInstance } from "./checks/instance.ts";
import { type Deciders, viewIn } from "./decision.ts";

export const noteDeciders: Deciders<"add_note"> = {
  add_note(state, { id, text, instance }, { caller }) {
    findTask(state, id);
    checkAll(
      () => instance !== undefined && checkNewInstance(state, instance),
      () => checkText(text, `Note on task ${id}`, MAX_NOTE_BYTES),
      () => {
        if (text.trim() !== "") return;
        throw new Refusal("invalid_value", `Cannot add a note to task ${id} as its text is empty: say what to know`, {
          id,
        });
      },
    );
    return {
      events: [{
        type: "task.noted",
        id,
        author: instance ?? caller.name,
        ...(instance !== undefined && { instance }),
        text,
      }],
      answer: (after) => ({ task: viewIn(after, id), count: countNotes(findTask(after, id).task) }),
    };
  },
};
