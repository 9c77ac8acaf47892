/**
 * The files of the dashboard, which anybody may load: they hold no data. Each is hashed and compressed once, when it is
 * first asked for.
 */

import { constants, gzipSync } from "node:zlib";
import type { Mount } from "./app.ts";

export interface Asset {
  /** Where it is served, like `/app.js`. */
  readonly path: string;
  /** Its media type. */
  readonly type: string;
  readonly body: string;
}

/**
 * What a page of this server may load and do: nothing from elsewhere, no code but its files, no frame around it. Text
 * cannot become code, as only the trusted type `dash` makes addresses of workers.
 */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types dash",
].join("; ");

const HEADERS = {
  "content-security-policy": CONTENT_SECURITY_POLICY,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  // Kept by the browser, and asked for again by its tag: so a new version is loaded at once.
  "cache-control": "no-cache",
  "vary": "accept-encoding",
};

/** The routes of the files. They need no caller. */
export function assetMount(assets: readonly Asset[]): Mount {
  return (app) => {
    for (const asset of assets) {
      let prepared: Promise<Prepared> | undefined;
      app.get(asset.path, async ({ req: { raw: { headers } } }) => {
        const { plain, gzip } = await (prepared ??= prepare(asset));
        return respond(asset.type, acceptsGzip(headers) ? gzip : plain, headers.get("if-none-match"));
      });
    }
  };
}

/** A file in one encoding. */
interface Representation {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** In quotes, as ETag has it. */
  readonly tag: string;
  readonly headers: Readonly<Record<string, string>>;
}

interface Prepared {
  readonly plain: Representation;
  readonly gzip: Representation;
}

async function prepare({ body }: Asset): Promise<Prepared> {
  const bytes = new TextEncoder().encode(body);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  return {
    plain: { bytes, tag: `"${hash}"`, headers: {} },
    gzip: {
      bytes: new Uint8Array(gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION })),
      tag: `"${hash}-gzip"`,
      headers: { "content-encoding": "gzip" },
    },
  };
}

function respond(type: string, { bytes, tag, headers }: Representation, known: string | null): Response {
  const tagged = { ...HEADERS, etag: tag };
  const isKnown = known?.split(",").some((each) => each.trim().replace("W/", "") === tag) === true;
  if (isKnown) return new Response(null, { status: 304, headers: tagged });
  return new Response(bytes, {
    headers: { ...tagged, ...headers, "content-type": type, "content-length": `${bytes.length}` },
  });
}

function acceptsGzip(headers: Headers): boolean {
  return headers.get("accept-encoding")?.split(",").some((each) => {
    const [coding, quality] = each.trim().toLowerCase().split(/\s*;\s*q=/);
    return coding === "gzip" && Number(quality ?? 1) > 0;
  }) === true;
}
