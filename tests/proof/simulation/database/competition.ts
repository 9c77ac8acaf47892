/**
 * What processes do beside their calls: each keeps a session and looks whether the others' live, and competes for a lead,
 * under which it saves texts. Whoever has lost the lead must not save any more, whatever it believes.
 */

import type { Log } from "../../../../src/app/ports.ts";
import { Unavailable } from "../../../../src/app/ports.ts";
import { PostgresDeliveries } from "../../../../src/store/postgres/postgres_deliveries.ts";
import { PostgresSessions } from "../../../../src/store/postgres/postgres_sessions.ts";
import type { Project } from "../../../../src/store/postgres/project.ts";
import { LIFE_MS } from "../../../../src/store/postgres/renewal.ts";
import type { Agenda } from "./agenda.ts";
import type { Machine } from "./machine.ts";

/** Between two looks, in milliseconds. */
const LOOK_MS = 2_000;

/** The name of the lead, and of the text that its holder saves. */
const LEAD = "lead";

interface Member {
  readonly machine: Machine;
  /** When its session was known to be open. */
  openAt: number | undefined;
  /** When it did something last: a process that stands still does nothing. */
  activeAt: number;
}

export class Competition {
  readonly #agenda: Agenda;
  readonly #complain: (complaint: string) => void;
  readonly #members: Member[] = [];
  /** Who has saved, in the order in which it was answered. */
  readonly #savers: string[] = [];

  constructor(agenda: Agenda, complain: (complaint: string) => void) {
    this.#agenda = agenda;
    this.#complain = complain;
  }

  /** Takes part until the process dies. */
  join(machine: Machine, project: Project, log: Log): void {
    const member: Member = { machine, openAt: undefined, activeAt: this.#agenda.now };
    this.#members.push(member);
    const sessions = new PostgresSessions(project, log);
    const deliveries = new PostgresDeliveries(project, log);
    this.#keep(member, sessions, project).catch((error) => this.#complainOf(machine, error));
    this.#lead(member, deliveries, project).catch((error) => this.#complainOf(machine, error));
  }

  #complainOf(machine: Machine, error: unknown): void {
    this.#complain(`${machine.name}: ${error instanceof Error ? error.stack : error}`);
  }

  async #keep(member: Member, sessions: PostgresSessions, project: Project): Promise<void> {
    while (!project.closing.aborted) {
      member.activeAt = this.#agenda.now;
      await tolerant(async () => {
        if (member.openAt === undefined) {
          await sessions.open(member.machine.name);
          member.openAt = this.#agenda.now;
        }
        const since = this.#agenda.now;
        const dead = await sessions.dead(this.#members.map(({ machine }) => machine.name));
        for (const { machine, openAt, activeAt } of this.#members) {
          const isHeard = machine.isAlive && openAt !== undefined && openAt < since && since - activeAt < LIFE_MS / 2;
          if (isHeard && dead.includes(machine.name)) this.#complain(`${machine.name} was taken for dead`);
        }
      });
      await pause();
    }
  }

  async #lead(member: Member, deliveries: PostgresDeliveries, project: Project): Promise<void> {
    for (let terms = 1; !project.closing.aborted; terms++) {
      const name = `${member.machine.name} term ${terms}`;
      await tolerant(async () => {
        const lead = await deliveries.lead(LEAD);
        while (lead !== undefined && !project.closing.aborted) {
          await deliveries.save(LEAD, name);
          this.#noteSaved(name);
          await pause();
        }
      });
      await pause();
    }
  }

  #noteSaved(name: string): void {
    if (this.#savers.at(-1) === name) return;
    if (this.#savers.includes(name)) this.#complain(`${name} saved after ${this.#savers.at(-1)} had taken over`);
    this.#savers.push(name);
  }
}

/** Whether something went well, or the database was away. */
async function tolerant(action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
  }
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, LOOK_MS));
}
