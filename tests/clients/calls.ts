/** What the scenario needs of a client. */

import type { Json } from "../support/server.ts";

/** What a model gets to read after a call: the text of the answer, or of the failure. */
export type Answer = { readonly text: string } | { readonly error: string };

/** A client that is connected to a server. */
export interface Calls {
  call(tool: string, args: Json): Promise<Answer>;
}
