/** Connections between simulated processes and the simulated server: messages take time, in order, and get lost. */

import type { Connection, ConnectOptions, Open, Result, Value } from "../../../../src/store/postgres/driver.ts";
import { ConnectionLost, ServerError } from "../../../../src/store/postgres/errors.ts";
import type { Random } from "../../history/random.ts";
import type { Agenda } from "./agenda.ts";
import { Machine } from "./machine.ts";
import type { Fault, Plan } from "./plan.ts";
import type { Server } from "./server.ts";
import type { Reply, Session } from "./session.ts";

export interface NetworkOptions {
  readonly agenda: Agenda;
  readonly server: Server;
  readonly random: Random;
  readonly plan: Pick<Plan, "faults" | "latencyMs" | "forgetting">;
  readonly kill: (machine: Machine) => void;
}

export class Network {
  readonly options: NetworkOptions;
  readonly #links = new Set<Link>();
  /** The text of each statement that was sent. */
  readonly statements: string[] = [];
  #faults: Fault[];
  isHealed = false;

  constructor(options: NetworkOptions) {
    this.options = options;
    this.#faults = [...options.plan.faults];
  }

  /** For the driver of a process. */
  readonly open: Open = async (options) => {
    const machine = Machine.current;
    if (machine === undefined) throw new Error("Only processes connect");
    await new Promise<void>((resolve) => setTimeout(resolve, this.delayMs()));
    if (!this.options.server.isUp) throw new ConnectionLost("nobody is there", "ECONNREFUSED");
    const link = new Link(this, machine, options);
    this.#links.add(link);
    return link;
  };

  delayMs(): number {
    return 2 * this.options.random.next() * this.options.plan.latencyMs;
  }

  /** Counts a statement of a process that suffers, and returns what goes wrong with it, if anything. */
  next(text: string, { suffers }: Machine): Fault | undefined {
    if (!suffers) return undefined;
    const number = this.statements.push(text);
    const index = this.#faults.findIndex(({ at }) => at <= number);
    return index < 0 ? undefined : this.#faults.splice(index, 1)[0];
  }

  /** Nothing more goes wrong. */
  heal(): void {
    this.#faults = [];
    this.isHealed = true;
  }

  /** A process is gone, and so are its ends of all connections. */
  hangUp(machine: Machine): void {
    for (const link of this.#links) if (link.machine === machine) link.drop("the process is dead");
  }

  forget(link: Link): void {
    this.#links.delete(link);
  }
}

class Link implements Connection {
  readonly machine: Machine;
  readonly #network: Network;
  readonly #options: ConnectOptions;
  readonly #session: Session;
  readonly #waiting = new Set<(failure: ConnectionLost) => void>();
  #lost: ConnectionLost | undefined;
  #isUnreplicated = false;
  /** When the last message arrives, in each direction. */
  #thereAt = 0;
  #backAt = 0;

  constructor(network: Network, machine: Machine, options: ConnectOptions) {
    this.#network = network;
    this.machine = machine;
    this.#options = options;
    this.#session = network.options.server.connect({
      lockWaitMs: options.lockWaitMs ?? 5_000,
      onEnd: () => this.#comeBack(() => this.#lose("the server closed the connection")),
      onNotification: (payload) => {
        const { random, plan } = network.options;
        if (!random.chance(plan.forgetting)) this.#comeBack(() => options.onNotification?.(payload));
      },
    });
  }

  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  takeUnreplicated(): boolean {
    const isUnreplicated = this.#isUnreplicated;
    this.#isUnreplicated = false;
    return isUnreplicated;
  }

  destroy(): void {
    this.drop("the connection is closed");
  }

  async run<Row>(text: string, values: readonly Value[] = []): Promise<Result<Row>> {
    if (this.#lost !== undefined) throw this.#lost;
    const { answerMs = 40_000 } = this.#options;
    const answer = Promise.withResolvers<Result<unknown>>();
    const timer = setTimeout(() => this.drop(`the server did not answer within ${answerMs} ms`), answerMs);
    this.#waiting.add(answer.reject);
    try {
      this.#send(text, values, ({ outcome, isUnreplicated }) => {
        this.#isUnreplicated ||= isUnreplicated;
        if (outcome instanceof ServerError) answer.reject(outcome);
        else answer.resolve(outcome);
      });
      // What the rows hold follows from the statement.
      return await answer.promise as Result<Row>;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(answer.reject);
    }
  }

  /** This end of the connection is gone: the server carries out what is on the way, and nobody hears of it. */
  drop(why: string): void {
    if (this.#lost !== undefined) return;
    this.#arrive(0, () => this.#network.options.server.disconnect(this.#session));
    this.#lose(why);
  }

  #lose(why: string): void {
    if (this.#lost !== undefined) return;
    this.#lost = new ConnectionLost(why);
    this.#network.forget(this);
    for (const reject of this.#waiting) reject(this.#lost);
    this.#options.onClose?.();
  }

  #send(text: string, values: readonly Value[], onReply: (reply: Reply) => void): void {
    const { server, agenda, kill } = this.#network.options;
    const { machine } = this;
    const fault = this.#network.next(text, machine);
    agenda.note(`${machine.name} sends ${text.slice(0, 60).replace(/\s+/g, " ")}`);
    if (fault !== undefined) agenda.note(`${machine.name} meets ${JSON.stringify(fault)}`);
    const request = {
      text,
      values,
      reply: (reply: Reply) => this.#comeBack(() => onReply(reply)),
      interruption: fault?.type === "terminate" || fault?.type === "cancel" ? fault : undefined,
    };
    const deliver = () => server.receive(this.#session, request);
    // What ends a process or a connection comes when the statement has been sent.
    const soon = (action: () => void) => void agenda.add(agenda.now, machine, action);
    switch (fault?.type) {
      case "cut":
        return soon(() => this.drop("the network failed"));
      case "kill":
        if (fault.moment === "after") this.#arrive(0, deliver);
        return void agenda.add(agenda.now, undefined, () => kill(machine));
      case "swallow":
      case "late":
        this.#arrive(fault.type === "late" ? fault.ms : 0, deliver);
        return soon(() => this.drop("the network failed"));
      case "crash":
        return this.#arrive(0, async () => {
          await deliver();
          await server.crash(fault.downMs);
        });
      case "failover":
        return this.#arrive(0, async () => {
          await deliver();
          await server.failOver(fault.downMs);
        });
      case "pause":
        machine.standsUntil = agenda.now + fault.ms;
    }
    this.#arrive(fault?.type === "stall" ? fault.ms : 0, deliver);
  }

  /** Something happens in the server after all that was sent before. */
  #arrive(extraMs: number, action: () => Promise<void>): void {
    const { agenda } = this.#network.options;
    this.#thereAt = Math.max(this.#thereAt, agenda.now + this.#network.delayMs() + extraMs);
    agenda.add(this.#thereAt, undefined, action);
  }

  /** Something happens in the process, if it still has this end of the connection. */
  #comeBack(action: () => void): void {
    const { agenda } = this.#network.options;
    this.#backAt = Math.max(this.#backAt, agenda.now + this.#network.delayMs());
    agenda.add(this.#backAt, this.machine, () => {
      if (this.#lost === undefined) action();
    });
  }
}
