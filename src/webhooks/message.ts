/** The message to a receiver: a notification as CloudEvents JSON, signed. */

import type { Notification } from "../core/messages/notifications.ts";
import type { Request } from "./sender.ts";
import { signedHeaders } from "./signature.ts";

/** What a message has in common with notifications. */
export type Content = Pick<Notification, "id" | "source"> & { readonly type: string };

/** Makes the message of a notification, sent at `at` (milliseconds since the Unix epoch). */
export async function messageOf(
  content: Content,
  { at, secrets, version }: { readonly at: number; readonly secrets: readonly string[]; readonly version: string },
): Promise<Request> {
  const body = new TextEncoder().encode(JSON.stringify(content));
  return {
    headers: {
      "content-type": "application/cloudevents+json; charset=utf-8",
      "user-agent": `mcp-orchestrator/${version}`,
      ...await signedHeaders({ id: messageId(content), at, body }, secrets),
    },
    body,
  };
}

/** Unique among all journals, and the same each time: the journal, its epoch, the record and the index in it. */
export function messageId({ id, source }: Content): string {
  const [journal = "", epoch = ""] = source.split("/").slice(-2);
  return ["msg", journal, epoch, ...id.split(".")].join("_").replace(/[^\w-]/g, "-");
}
