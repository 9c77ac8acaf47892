/** The composition of `digest`: reads a plan with the rights of the client that will read the digest. Writes nothing. */

import type { Log } from "../app/ports.ts";
import type { Terminal } from "../cli/commands.ts";
import { type DigestInvocation, printDigest } from "../cli/digest.ts";
import { describeMissing, type StoredLocation } from "../cli/location.ts";
import { rightsOf } from "../cli/rights.ts";
import { Refusal } from "../core/model/refusal.ts";
import { holdsData } from "../store/file/data_directory.ts";
import { type ReadingApp, startReading } from "./start_reading.ts";

export interface DigestParts {
  readonly locate: () => Promise<StoredLocation>;
  readonly log: Log;
  readonly terminal: Terminal;
  /** The secret of the client's token, if it has one. */
  readonly secretOf: () => string | undefined;
  /** The instance that the environment names. */
  readonly instanceOf: () => string | undefined;
}

/** Prints the digest; where there is no plan yet, only says so: that is no failure of the client that starts. */
export async function runDigest({ held, ...given }: DigestInvocation, parts: DigestParts): Promise<number> {
  const { terminal } = parts;
  await using app = await startIfThere(parts);
  if (app === undefined) return 0;
  const who = { name: "cli", via: { transport: "cli" } } as const;
  const { rights, instance } = await rightsOf(app.engine, {
    who,
    secret: parts.secretOf(),
    instance: given.instance ?? parts.instanceOf(),
  });
  return await printDigest(app.engine, { held, instance, caller: { ...who, ...rights } }, terminal);
}

/** Starts on the plan; undefined if there is none, or no such project. */
async function startIfThere({ locate, log }: DigestParts): Promise<ReadingApp | undefined> {
  try {
    const location = await locate();
    const isMissing = location.store === "file" && !holdsData(location.directory);
    if (!isMissing) return await startReading(location, { log, showsLegacy: true });
    log.info(describeMissing(location));
  } catch (error) {
    if (!(error instanceof Refusal && error.code === "not_found")) throw error;
    log.info(error.message);
  }
  return undefined;
}
