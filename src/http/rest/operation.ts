/** The operations that REST offers: `app/operation.ts`, with schemas from which the description of the API is made. */

import type * as z from "zod";
import type { Operation } from "../../app/operation.ts";

export type RestOperation = Operation<z.ZodObject>;

/** A JSON object. */
export type Json = Readonly<Record<string, unknown>>;
