/** The rules for tokens, and for the record of calls that were refused to their callers. */

import { type Denial, ROLES } from "../model/access.ts";
import { MAX_RECORD_DENIALS, MAX_TIME_MS, MAX_TOKENS } from "../model/limits.ts";
import { checkAll } from "../model/faults.ts";
import { Refusal } from "../model/refusal.ts";
import type { NewToken } from "../model/token.ts";
import { checkId, checkInPath, checkNewId, printable } from "../model/values.ts";
import type { ReadonlyState } from "../state/state.ts";
import { tokenViewOf } from "../state/tokens.ts";
import { checkNames, checkNumber } from "./checks/settings.ts";
import type { Deciders } from "./decision.ts";

export const tokenDeciders: Deciders<"issue_token" | "revoke_token" | "record_denials"> = {
  issue_token(state, { token: { audiences = [], ...rest } }, { now }) {
    const token = { ...rest, ...(audiences.length > 0 && { audiences }) };
    checkToken(state, token, now);
    const view = tokenViewOf({ ...token, createdAt: now }, now);
    return { events: [{ type: "token.issued", token }], answer: () => view };
  },

  revoke_token(state, { name }) {
    if (state.tokens.has(name)) return { events: [{ type: "token.revoked", name }], answer: () => ({ revoked: name }) };
    throw new Refusal(
      "not_found",
      `Cannot revoke token ${printable(name)} as there is none of that name: token list shows them`,
      { name },
    );
  },

  record_denials(_, { denials }) {
    if (denials.length > MAX_RECORD_DENIALS) {
      throw new Refusal("limit_exceeded", `Cannot record more than ${MAX_RECORD_DENIALS} denials at once`, {
        limit: MAX_RECORD_DENIALS,
      });
    }
    for (const { more } of denials) checkNumber(more, "more of a denial", { least: 1, most: Number.MAX_SAFE_INTEGER });
    return {
      events: denials.map((denial: Denial) => ({ type: "access.denied", denial })),
      answer: () => ({ recorded: denials.length }),
    };
  },
};

function checkToken(state: ReadonlyState, token: NewToken, now: number): void {
  const { name, role, digest, instance, audiences = [] } = token;
  const invalid = (message: string) => new Refusal("invalid_value", message);
  checkAll(
    () => {
      if (!state.tokens.has(name)) return;
      throw new Refusal(
        "already_exists",
        `Token ${name} already exists: use another name, or revoke it first (token revoke ${name})`,
        { name },
      );
    },
    () => checkInPath(name, "Token name"),
    () => checkNewId(name, "Token name", state.tokens),
    () => {
      if (!ROLES.includes(role)) throw invalid(`The role of token ${name} must be ${ROLES.join(", ")}`);
    },
    () => {
      if (/^[0-9a-f]{64}$/.test(digest)) return;
      throw invalid(`The digest of token ${name} must be a SHA-256 as 64 hexadecimal digits`);
    },
    () => {
      if (!state.digests.has(digest)) return;
      throw new Refusal("already_exists", `The secret of token ${name} is that of another token: make a new one`, {
        name,
      });
    },
    () => instance !== undefined && checkId(instance, "Instance id"),
    () => instance !== undefined && checkInPath(instance, "Instance id"),
    () => checkNames(audiences, "Audience", `of token ${name}`),
    () => {
      if (role !== "admin" || audiences.length === 0) return;
      throw invalid(`Token ${name} cannot have audiences as an admin sees all: leave them out`);
    },
    () => checkExpiry(token, now),
    () => {
      if (state.tokens.size < MAX_TOKENS) return;
      throw new Refusal(
        "limit_exceeded",
        `Cannot issue token ${name} as there are ${MAX_TOKENS}, the most there can be: revoke one (token list shows ` +
          "them)",
        { limit: MAX_TOKENS },
      );
    },
  );
}

function checkExpiry({ name, expiresAt }: NewToken, now: number): void {
  checkNumber(expiresAt, `The expiry of token ${name}`, { least: 0, most: MAX_TIME_MS });
  if (expiresAt === undefined || expiresAt > now) return;
  throw new Refusal(
    "invalid_value",
    `Token ${name} cannot expire at ${new Date(expiresAt).toISOString()}, as that is past: give a later time`,
  );
}
