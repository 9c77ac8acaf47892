/** The resource methods: list, read, and subscribe (revisions before 2026-07-28). */

import * as z from "zod";
import { Denied } from "../../core/model/access.ts";
import { lazy } from "../../core/model/lazy.ts";
import { Refusal } from "../../core/model/refusal.ts";
import { unknownResource } from "../protocol_error.ts";
import { isResource, readResource, RESOURCE_TEMPLATES, type ResourceContent, RESOURCES } from "../resources.ts";
import { checkCount } from "../subscriptions.ts";
import type { CallContext } from "../tool.ts";
import { defineMethod, type Method, noParams } from "./method.ts";

const UriParams = lazy(() => z.object({ uri: z.string() }));

export const RESOURCE_METHODS: readonly Method[] = [
  defineMethod("resources/list", noParams, () => ({ resources: [...RESOURCES] })),
  defineMethod("resources/templates/list", noParams, () => ({ resourceTemplates: RESOURCE_TEMPLATES })),
  defineMethod("resources/read", UriParams, async ({ uri }, call) => {
    const { mimeType, text } = await contentOf(uri, call);
    return { contents: [{ uri, mimeType, text: await call.answers.write(text, (text) => text.length) }] };
  }),
  defineMethod("resources/subscribe", UriParams, async ({ uri }, { subscriptions }) => {
    if (!isResource(uri)) throw unknownResource(uri);
    checkCount(subscriptions.size + (subscriptions.has(uri) ? 0 : 1));
    await subscriptions.add([uri]);
    return {};
  }),
  defineMethod("resources/unsubscribe", UriParams, ({ uri }, { subscriptions }) => {
    subscriptions.remove(uri);
    return {};
  }),
];

/** Throws a `ProtocolError` if there is no such resource. */
async function contentOf(uri: string, call: CallContext): Promise<ResourceContent> {
  try {
    const content = await readResource(uri, call);
    if (content !== undefined) return content;
  } catch (error) {
    if (!(error instanceof Refusal) || error instanceof Denied) throw error;
    throw unknownResource(uri, error.message);
  }
  throw unknownResource(uri);
}
