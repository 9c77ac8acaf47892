/** Reads the arguments of an operation from the path, the query and the body of a request, and what its headers ask. */

import { HttpError } from "../problem.ts";
import type { Json } from "./operation.ts";

/** Media types of a body: JSON, and types made of it, like `application/merge-patch+json`. */
const JSON_TYPE = /^application\/(?:json|[\w.!#$&^-]+\+json)\s*(?:;|$)/i;

/** The arguments of a request: each parameter comes once, in the path, the query or the body. */
export async function argumentsOf(request: Request, path: Json): Promise<Json> {
  const query = readQuery(new URL(request.url).searchParams);
  const body = request.body === null ? {} : await readBody(request);
  const args: [string, unknown][] = [];
  const taken = new Map<string, string>();
  for (const [place, fields] of Object.entries({ path, query, body })) {
    for (const [name, value] of Object.entries(fields)) {
      const other = taken.get(name);
      if (other !== undefined) {
        throw invalid(`${name} is given in the ${other} and in the ${place}: give it once`);
      }
      taken.set(name, place);
      args.push([name, value]);
    }
  }
  return Object.fromEntries(args);
}

/** The parameters of a query; one that is given several times is a list. */
export function readQuery(parameters: URLSearchParams): Json {
  return Object.fromEntries(
    Array.from(new Set(parameters.keys()), (name) => {
      const values = parameters.getAll(name);
      return [name, values.length === 1 ? values[0] : values];
    }),
  );
}

/**
 * The request id in the header `Idempotency-Key`: a text, in quotes as the draft of the header has it, or without, as most
 * clients send it. In quotes, `\u` and four hexadecimal digits stand for a UTF-16 unit, as headers are in ASCII.
 */
export function requestIdOf(headers: Headers): string | undefined {
  const key = headers.get("idempotency-key") ?? undefined;
  const isQuoted = key !== undefined && /^"(?:[^"\\\t]|\\(?:["\\]|u[\da-fA-F]{4}))*"$/.test(key);
  return isQuoted ? JSON.parse(key) : key;
}

/** The version that the header `If-Match` names; undefined without one, and for `*`, which any version matches. */
export function versionOf(headers: Headers): number | undefined {
  const tag = headers.get("if-match");
  if (tag === null || tag === "*") return undefined;
  const [, version] = /^"([1-9]\d{0,14})"$/.exec(tag) ?? [];
  if (version !== undefined) return Number(version);
  if (!/^(?:W\/)?"[^"]*"$/.test(tag)) {
    throw invalid(`If-Match must be one ETag that a task was answered with, like "3" with its quotes, or *`);
  }
  // A weak tag matches nothing here, and nor does one that no task can have.
  throw new HttpError(412, `No version of a task has the ETag ${tag}: it is a number in quotes, like "3"`, {
    code: "stale_version",
  });
}

/** The ETag of a version. */
export function tagOf(version: number): string {
  return `"${version}"`;
}

async function readBody(request: Request): Promise<Json> {
  const bytes = await request.bytes();
  if (bytes.length === 0) return {};
  const type = request.headers.get("content-type") ?? "";
  if (!JSON_TYPE.test(type)) {
    throw new HttpError(
      415,
      `The body is ${type === "" ? "of no type" : type}: send JSON, with the header Content-Type: application/json`,
      { code: "unsupported_media_type", headers: { accept: "application/json" } },
    );
  }
  const body = parse(bytes);
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw invalid("The body must be a JSON object that has the parameters");
  }
  // An object whose fields are not known.
  return body as Json;
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw invalid(`The body is not JSON in UTF-8: ${error instanceof Error ? error.message : error}`);
  }
}

function invalid(message: string): HttpError {
  return new HttpError(400, message, { code: "invalid_value" });
}
