/** Reads the audit: every command that was carried out and every call that was refused to its caller, for admins only. */

import type { QueryOf, ResultOf } from "../core/messages/queries.ts";
import { type HistoryPage, type HistoryQuery, type HistoryReader, readHistory } from "./history.ts";

export interface AuditReader extends Pick<HistoryReader, "engine"> {
  readonly query: (query: QueryOf<"select_audit">) => Promise<ResultOf<"select_audit">>;
}

/**
 * Reads a page of the audit, as `readHistory` does: its notifications also have the command, and the request id.
 *
 * @throws Denied if the caller is no admin
 */
export function readAudit({ engine, query }: AuditReader, wanted: HistoryQuery): Promise<HistoryPage> {
  return readHistory({ engine, query: (selection) => query({ ...selection, type: "select_audit" }) }, wanted);
}
