/**
 * A simulated process and the machine it runs on. All of them are in this thread: whoever asks for the time, sets a timer
 * or wants randomness is told apart by its asynchronous context. Code outside of every process has the real ones.
 */

import { AsyncLocalStorage } from "node:async_hooks";
import { type Random, randomOf } from "../../history/random.ts";
import type { Agenda } from "./agenda.ts";

const current = new AsyncLocalStorage<Machine>();

export interface MachineOptions extends Pick<Machine, "agenda" | "skewMs" | "suffers"> {
  readonly seed: string;
}

export class Machine {
  readonly name: string;
  /** How wrong its clock is, in milliseconds. */
  readonly skewMs: number;
  readonly agenda: Agenda;
  readonly random: Random;
  /** Whether faults happen to it, beside those of the server. */
  readonly suffers: boolean;
  isAlive = true;
  /** Nothing happens in it before this time. */
  standsUntil = 0;
  readonly timers = new Map<number, { readonly cancel: () => void }>();

  constructor(name: string, { agenda, seed, skewMs, suffers }: MachineOptions) {
    this.name = name;
    this.agenda = agenda;
    this.skewMs = skewMs;
    this.suffers = suffers;
    this.random = randomOf(`${seed} ${name} bytes`);
  }

  static get current(): Machine | undefined {
    return current.getStore();
  }

  /** Runs a function as part of this process. */
  run<T>(action: () => T): T {
    return current.run(this, action);
  }

  /** Nothing more happens in it. */
  die(): void {
    this.isAlive = false;
    for (const timer of this.timers.values()) timer.cancel();
    this.timers.clear();
  }
}

/** Puts clocks, timers and randomness of machines in the place of the global ones, until it is disposed of. */
export function installMachines(): Disposable {
  const real = {
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout,
    setInterval: globalThis.setInterval,
    clearInterval: globalThis.clearInterval,
  };
  const { now } = Date;
  const elapsed = performance.now.bind(performance);
  const randomUUID = crypto.randomUUID.bind(crypto);
  let numbers = 2 ** 40;
  const set = (run: () => void, delayMs: number, number: number): number => {
    const machine = Machine.current;
    if (machine === undefined) throw new Error("A timer of no process");
    const { agenda, timers } = machine;
    const timer = agenda.add(agenda.now + Math.max(0, delayMs), machine, () => {
      timers.delete(number);
      run();
    });
    if (machine.isAlive) timers.set(number, timer);
    else timer.cancel();
    return number;
  };
  const repeat = (run: () => void, periodMs: number, number: number): number => {
    return set(
      () => {
        repeat(run, periodMs, number);
        run();
      },
      periodMs,
      number,
    );
  };
  const clear = (number: number | undefined): boolean => {
    const machine = Machine.current;
    machine?.timers.get(number ?? 0)?.cancel();
    return machine?.timers.delete(number ?? 0) ?? false;
  };
  Object.assign(globalThis, {
    setTimeout: (run: (...args: unknown[]) => void, delayMs = 0, ...args: unknown[]) => {
      if (Machine.current === undefined) return real.setTimeout(run, delayMs, ...args);
      return set(() => run(...args), delayMs, ++numbers);
    },
    clearTimeout: (number?: number) => clear(number) || real.clearTimeout(number),
    setInterval: (run: () => void, periodMs = 0, ...args: unknown[]) => {
      if (Machine.current === undefined) return real.setInterval(run, periodMs, ...args);
      return repeat(run, periodMs, ++numbers);
    },
    clearInterval: (number?: number) => clear(number) || real.clearInterval(number),
  });
  Date.now = () =>
    Machine.current === undefined ? now() : Math.floor(Machine.current.agenda.now) + Machine.current.skewMs;
  Object.defineProperty(performance, "now", {
    configurable: true,
    value: () => Machine.current?.agenda.now ?? elapsed(),
  });
  Object.defineProperty(crypto, "randomUUID", {
    configurable: true,
    value: () => Machine.current === undefined ? randomUUID() : uuidOf(Machine.current.random),
  });
  return {
    [Symbol.dispose]() {
      Object.assign(globalThis, real);
      Date.now = now;
      Object.defineProperty(performance, "now", { configurable: true, value: elapsed });
      Object.defineProperty(crypto, "randomUUID", { configurable: true, value: randomUUID });
    },
  };
}

function uuidOf(random: Random): string {
  const digits = Array.from({ length: 32 }, () => random.between(0, 15).toString(16)).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
