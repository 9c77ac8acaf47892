/** The REST API, as agents and other people call it beside the page that is tested. */

import { assert } from "@std/assert";
import type { Service } from "../../../support/service.ts";
import type { Json } from "../../../support/server.ts";

export class Api {
  readonly #service: Service;
  readonly #token: string | undefined;

  constructor(service: Service, token?: string) {
    this.#service = service;
    this.#token = token;
  }

  /** Calls a path of the API; throws unless it succeeds. */
  async call<T = Json>(method: string, path: string, body?: Json): Promise<T> {
    const response = await fetch(this.#service.url(`/api/v1${path}`), {
      method,
      headers: {
        "content-type": "application/json",
        ...(this.#token !== undefined && { authorization: `Bearer ${this.#token}` }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    assert(response.ok, `${method} ${path} answers ${response.status}: ${text.slice(0, 500)}`);
    return JSON.parse(text);
  }

  /** Creates tasks. Each has the description "Do ID", unless it has another. */
  async create(...tasks: readonly (string | (Json & { readonly id: string }))[]): Promise<void> {
    const full = tasks.map((task) => typeof task === "string" ? { id: task } : task);
    await this.call("POST", "/tasks", { tasks: full.map((task) => ({ description: `Do ${task.id}`, ...task })) });
  }

  async task(id: string): Promise<Json> {
    return await this.call("GET", `/tasks/${encodeURIComponent(id)}`);
  }

  /** Does something with a task: `claim`, `complete`, `notes`. */
  async act(id: string, action: string, body: Json = {}): Promise<Json> {
    return await this.call("POST", `/tasks/${encodeURIComponent(id)}/${action}`, body);
  }

  /** Claims a task for an instance, and completes it. */
  async finish(id: string, result = "done", instance_id = "ann"): Promise<void> {
    await this.act(id, "claim", { instance_id });
    await this.act(id, "complete", { instance_id, result });
  }

  /** Claims a task for an instance, and fails it for good. */
  async fail(id: string, error = "broken", instance_id = "ann"): Promise<void> {
    await this.act(id, "claim", { instance_id });
    await this.act(id, "fail", { instance_id, error, retryable: false });
  }

  /** Issues a token and returns its secret. */
  async issue(name: string, role: string, settings: Json = {}): Promise<string> {
    const { secret } = await this.call<{ readonly secret: string }>("POST", "/tokens", { name, role, ...settings });
    return secret;
  }
}
