/** The arguments of `redact`. */

import { type Command, InvalidArgumentError, Option } from "commander";
import type { WantedRedaction } from "../app/redact.ts";
import { checkRedactableFields, REDACTABLE_FIELDS, type RedactableField } from "../core/model/redaction.ts";
import { Refusal } from "../core/model/refusal.ts";
import { commaList } from "./option_values.ts";

/** The invocation that these arguments make. */
export interface RedactInvocation {
  readonly type: "redact";
  readonly wanted: WantedRedaction;
}

interface RedactFlags {
  readonly field?: readonly RedactableField[];
  readonly reason: string;
}

/** Adds the command; `choose` takes what it was asked to do. */
export function addRedactCommand(program: Command, choose: (chosen: RedactInvocation) => void): void {
  program.command("redact")
    .description("replace texts of a task by a marker, wherever they are kept")
    .argument("<task>", "the id of the task, which may have been deleted")
    .addOption(
      new Option("--field <names>", `which texts: ${REDACTABLE_FIELDS.join(", ")} (default: all)`).argParser(fields),
    )
    .requiredOption("--reason <text>", "why, for the audit; it must not repeat the text")
    .action((id: string, { field = REDACTABLE_FIELDS, reason }: RedactFlags) => {
      choose({ type: "redact", wanted: { id, fields: field, reason } });
    });
}

function fields(value: string): readonly RedactableField[] {
  const names = commaList(value);
  try {
    checkRedactableFields(names);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new InvalidArgumentError(`There are ${REDACTABLE_FIELDS.join(", ")}.`);
  }
  // Each was checked to be one of them.
  return names as readonly RedactableField[];
}
