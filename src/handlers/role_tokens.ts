/**
 * The tokens of the commands that handlers run: one for each role and audiences, issued when a command first needs it, and
 * revoked at the end. A token lives for `LIFE_MS`, so a killed process leaves none that is valid for long; whoever takes
 * over revokes those of the process before.
 */

import { issueToken } from "../app/tokens.ts";
import type { AnswerOf, CommandOf } from "../core/messages/commands.ts";
import type { Notification } from "../core/messages/notifications.ts";
import type { ResultOf } from "../core/messages/queries.ts";
import type { Caller, Role } from "../core/model/access.ts";
import { Refusal } from "../core/model/refusal.ts";
import type { NewToken } from "../core/model/token.ts";
import type { Handler } from "./handler.ts";

/** How long a token is valid, in milliseconds: half a day. */
const LIFE_MS = 12 * 60 * 60 * 1_000;

/** A command never starts with a token that is valid for less, in milliseconds: two of the longest runs. */
const REST_MS = 2 * 60 * 60 * 1_000;

/** Begins the name of every token of a handler. */
const PREFIX = "handler:";

/** Whether a notification is about what the command of a handler did. */
export function isFromHandler({ data }: Notification): boolean {
  return data.via?.token !== undefined && isHandlerToken(data.via.token);
}

/** Whether a token of this name is one that a server issues for handlers, and replaces in time. */
export function isHandlerToken(name: string): boolean {
  return name.startsWith(PREFIX);
}

/** The part of an engine that tokens need. */
export interface TokenEngine {
  now(): number;
  query(query: { readonly type: "list_tokens" }, caller: Caller): Promise<ResultOf<"list_tokens">>;
  execute<K extends "issue_token" | "revoke_token">(command: CommandOf<K>, caller: Caller): Promise<AnswerOf<K>>;
}

export interface RoleTokensOptions {
  readonly engine: TokenEngine;
  /** Who issues and revokes: an admin. */
  readonly caller: Caller;
  /** The same for all processes that compete to run the same handlers. */
  readonly id: string;
  /** All handlers that will ask for a token. */
  readonly handlers: readonly Pick<Handler, "role" | "audiences">[];
}

interface Issued {
  /** Milliseconds since the Unix epoch, by the journal's clock. */
  readonly expiresAt: number;
  readonly secret: Promise<string>;
}

export class RoleTokens implements AsyncDisposable {
  readonly #options: RoleTokensOptions;
  readonly #issued = new Map<string, Issued>();
  /** How often it was tried to issue a token for the same rights: each has a name of its own. */
  readonly #tries = new Map<string, number>();
  /** The different rights, in the order of the handlers. */
  readonly #rights: readonly string[];

  private constructor(options: RoleTokensOptions) {
    this.#options = options;
    this.#rights = [...new Set(options.handlers.map(keyOf))];
  }

  /** Revokes what processes that ran these handlers before have left. Only the process that leads may call it. */
  static async start(options: RoleTokensOptions): Promise<RoleTokens> {
    const tokens = new RoleTokens(options);
    await tokens.#revokeAll();
    return tokens;
  }

  /** Revokes all. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(Array.from(this.#issued.values(), ({ secret }) => secret));
    await this.#revokeAll();
  }

  /** The secret of a valid token for the command of a handler. */
  secretFor({ role, audiences }: Pick<Handler, "role" | "audiences">): Promise<string> {
    const now = this.#options.engine.now();
    const key = keyOf({ role, ...(audiences !== undefined && { audiences }) });
    const last = this.#issued.get(key);
    if (last !== undefined && last.expiresAt - now >= REST_MS) return last.secret;
    const expiresAt = now + LIFE_MS;
    const name = this.#nameFor(key, role);
    const secret = this.#issue({ name, role, ...(audiences !== undefined && { audiences }), expiresAt });
    const issued = { expiresAt, secret };
    this.#issued.set(key, issued);
    secret.catch(() => {
      if (this.#issued.get(key) === issued) this.#issued.delete(key);
    });
    return secret;
  }

  /** The first is the same in every process, as request ids are those of a caller and of the name of its token. */
  #nameFor(key: string, role: Role): string {
    const tries = this.#tries.get(key) ?? 0;
    this.#tries.set(key, tries + 1);
    const name = `${PREFIX}${role}:${this.#options.id}-${this.#rights.indexOf(key) + 1}`;
    return tries === 0 ? name : `${name}-${tries}`;
  }

  async #issue(settings: Omit<NewToken, "digest">): Promise<string> {
    const { engine, caller } = this.#options;
    await this.#revoke(({ isExpired }) => isExpired);
    return (await issueToken((command) => engine.execute(command, caller), settings)).secret;
  }

  async #revokeAll(): Promise<void> {
    this.#issued.clear();
    await this.#revoke(() => true);
  }

  /** Revokes those tokens of these handlers that are selected. */
  async #revoke(isSelected: (token: ResultOf<"list_tokens">[number]) => boolean): Promise<void> {
    const { engine, caller, id } = this.#options;
    const own = new RegExp(`^${PREFIX}\\w+:${id}-\\d+(-\\d+)?$`);
    const tokens = await engine.query({ type: "list_tokens" }, caller);
    for (const token of tokens.filter(({ name }) => own.test(name)).filter(isSelected)) {
      try {
        await engine.execute({ type: "revoke_token", name: token.name }, caller);
      } catch (error) {
        // The operator was faster.
        if (!(error instanceof Refusal && error.code === "not_found")) throw error;
      }
    }
  }
}

function keyOf({ role, audiences }: Pick<Handler, "role" | "audiences">): string {
  return JSON.stringify([role, audiences]);
}
