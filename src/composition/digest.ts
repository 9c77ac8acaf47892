/** The composition of `digest`: reads a plan with the rights of the client that will read the digest. Writes nothing. */

import type { Log } from "../app/ports.ts";
import { type DigestInvocation, printDigest } from "../cli/digest.ts";
import type { Terminal } from "../cli/commands.ts";
import type { FileLocation } from "../cli/location.ts";
import { rightsOf } from "../cli/rights.ts";
import { holdsData } from "../store/file/data_directory.ts";
import { startReading } from "./start_reading.ts";

export interface DigestParts {
  readonly location: FileLocation;
  readonly log: Log;
  readonly terminal: Terminal;
  /** The secret of the client's token, if it has one. */
  readonly secretOf: () => string | undefined;
  /** The instance that the environment names. */
  readonly instanceOf: () => string | undefined;
}

/** Prints the digest; where there is no plan, only says so: that is no failure of the client that starts. */
export async function runDigest({ held, ...given }: DigestInvocation, parts: DigestParts): Promise<number> {
  const { location: { directory }, log, terminal } = parts;
  if (!holdsData(directory)) {
    log.info(`There is no plan in ${directory} yet`);
    return 0;
  }
  await using app = await startReading(directory, { log, showsLegacy: true });
  const who = { name: "cli", via: { transport: "cli" } } as const;
  const { rights, instance } = await rightsOf(app.engine, {
    who,
    secret: parts.secretOf(),
    instance: given.instance ?? parts.instanceOf(),
  });
  return await printDigest(app.engine, { held, instance, caller: { ...who, ...rights } }, terminal);
}
