/** Shows that looking for the next claim finds what a look at every ready task would, whoever asks. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Priority } from "../../src/core/model.ts";
import { NO_GATES, NO_NODES, NOTHING, type Resource, type TaskNode } from "../../src/core/nodes.ts";
import {
  addReady,
  claimBoostMs,
  emptyReadyTasks,
  forgetViews,
  nextFor,
  type ReadyTasks,
  removeReady,
  setOpen,
} from "../../src/core/ready_tasks.ts";
import { isEligible, type Profile, profileOf, type Requirement } from "../../src/core/routing.ts";
import { newTask, times } from "./given.ts";

Deno.test({
  name: "the next task is the one that a look at all ready tasks finds, for every kind of instance",
  permissions: "none",
  fn() {
    const asked = { none: 0, reserved: 0, limited: 0, some: 0 };
    fc.assert(
      fc.property(fc.array(step(), { maxLength: 120, size: "max" }), (steps) => {
        const world = newWorld();
        for (const step of steps) {
          play(world, step);
          if (step.type !== "ask" && step.type !== "claim") continue;
          const profile = PROFILES[step.profile]!;
          const expected = naiveNext(world, profile);
          if (expected === undefined) asked.none++;
          else if (expected.kind.requirement.instance !== undefined) asked.reserved++;
          else if (expected.kind.resources.length > 0) asked.limited++;
          else asked.some++;
          const found = nextFor(world.ready, profile, () => false);
          assertEquals(found?.task.order, expected?.node.task.order, `for ${profile.instance}`);
          if (step.type === "claim" && expected !== undefined) take(world, expected);
        }
        assertEquals(world.ready.size, world.entries.length);
      }),
      { numRuns: 500 },
    );
    for (const [what, count] of Object.entries(asked)) assert(count > 100, `only ${count} answers were ${what}`);
  },
});

Deno.test({
  name: "groups and locks that open and close all the time hide nothing from anybody",
  permissions: "none",
  fn() {
    // Few tasks under many bounds: buckets are parked with one resource while another one opens.
    const bounded = fc.record({
      type: fc.constant("add" as const),
      kind: fc.record({
        role: fc.constant(undefined),
        capabilities: fc.constant([]),
        instance: fc.constant(undefined),
        resources: fc.subarray([...RESOURCES], { minLength: 1 }),
      }),
      claimAt: fc.nat(5),
      priority: fc.constantFrom<Priority>("normal", "urgent"),
    });
    const step = fc.oneof(bounded, bounded, opening(), opening(), asking(), asking(), removing(), repeating());
    let found = 0;
    fc.assert(
      fc.property(fc.array(step, { maxLength: 150, size: "max" }), (steps) => {
        const world = newWorld();
        for (const step of steps) {
          play(world, step);
          if (step.type !== "ask" && step.type !== "claim") continue;
          const profile = PROFILES[step.profile]!;
          const expected = naiveNext(world, profile);
          if (expected !== undefined) found++;
          assertEquals(nextFor(world.ready, profile, () => false)?.task.order, expected?.node.task.order);
        }
        for (const profile of PROFILES) {
          assertEquals(nextFor(world.ready, profile, () => false), naiveNext(world, profile)?.node);
        }
      }),
      { numRuns: 500 },
    );
    assert(found > 500, `only ${found} tasks were found`);
  },
});

Deno.test({
  name: "more kinds of instances than views are kept get the same answers",
  permissions: "none",
  fn() {
    const world = newWorld();
    const profiles = times(200, (index) => profileOf(`i${index}`, undefined, { roles: [`role${index % 150}`] }));
    const nodes = times(
      300,
      (index) =>
        give(
          world,
          { requirement: { roles: [`role${index % 150}`], capabilities: [] }, resources: [] },
          index,
          "normal",
        ),
    );
    for (const round of [0, 1]) {
      profiles.forEach((profile, index) => {
        assertEquals(nextFor(world.ready, profile, () => false), nodes[index % 150 + 150 * round], profile.instance);
      });
      for (const node of nodes.slice(0, 150)) if (round === 0) removeReady(world.ready, node);
    }
  },
});

Deno.test({
  name: "among equals what only one instance can do goes first, then what continues its own work, then the order",
  permissions: "none",
  fn() {
    const world = newWorld();
    world.instances.push(profileOf("one", undefined, { capabilities: ["gpu"] }));
    world.instances.push(profileOf("two", undefined, {}));
    const plain = times(3, () => give(world, PLAIN, 5, "normal", "before"));
    const special = give(world, { requirement: { roles: [], capabilities: ["gpu"] }, resources: [] }, 5, "normal");
    const [one, two] = world.instances;
    assert(one !== undefined && two !== undefined);
    assertEquals(nextFor(world.ready, two, () => false), plain[0]);
    assertEquals(nextFor(world.ready, two, (node) => node === plain[2]), plain[2]);
    assertEquals(nextFor(world.ready, one, () => false), special);
    const earlier = give(world, PLAIN, 4, "normal", "before");
    assertEquals(nextFor(world.ready, one, (node) => node === plain[2]), earlier);
    removeReady(world.ready, earlier);
    // Once another one can do it too, it is a task like others.
    world.instances.push(profileOf("three", undefined, { capabilities: ["gpu"] }));
    forgetViews(world.ready);
    assertEquals(nextFor(world.ready, one, () => false), plain[0]);
  },
});

Deno.test({
  name: "priorities bring a claim forward by nothing, ten minutes and an hour",
  permissions: "none",
  fn() {
    assertEquals((["low", "normal", "high"] as const).map(claimBoostMs), [0, 600_000, 3_600_000]);
    assertEquals(claimBoostMs(undefined), claimBoostMs("normal"));
  },
});

interface Kind {
  readonly requirement: Requirement;
  readonly resources: readonly Resource[];
}

interface Entry {
  readonly node: TaskNode;
  readonly kind: Kind;
}

interface World {
  readonly ready: ReadyTasks;
  readonly entries: Entry[];
  /** The active instances. */
  readonly instances: Profile[];
  readonly resources: ReadonlyMap<string, Resource>;
  order: number;
}

const RESOURCES = ["group g", "group h", "lock a", "lock b"] as const;

const PLAIN: Kind = { requirement: { roles: [], capabilities: [] }, resources: [] };

const PROFILES: readonly Profile[] = [
  profileOf("plain", undefined),
  profileOf("tester", undefined, { roles: ["test"] }),
  profileOf("both", undefined, { roles: ["test", "review"], capabilities: ["gpu"] }),
  profileOf("gpu", undefined, { capabilities: ["gpu"] }),
  profileOf("also gpu", undefined, { capabilities: ["gpu"] }),
  profileOf("all", undefined, { roles: ["test", "review"], capabilities: ["gpu", "net"] }),
];

type Step =
  | {
    readonly type: "add";
    readonly kind: {
      readonly role: string | undefined;
      readonly capabilities: readonly string[];
      readonly instance: string | undefined;
      readonly resources: readonly string[];
    };
    readonly claimAt: number;
    readonly priority: Priority;
  }
  | { readonly type: "remove"; readonly pick: number }
  | { readonly type: "repeat"; readonly pick: number; readonly claimAt: number; readonly priority: Priority }
  | { readonly type: "open"; readonly resource: string; readonly isOpen: boolean }
  | { readonly type: "instances"; readonly active: readonly number[] }
  | { readonly type: "ask" | "claim"; readonly profile: number };

function step(): fc.Arbitrary<Step> {
  const add = fc.record({
    type: fc.constant("add" as const),
    kind: fc.record({
      role: fc.constantFrom(undefined, undefined, "test", "review"),
      capabilities: fc.oneof({ arbitrary: fc.constant([]), weight: 2 }, fc.subarray(["gpu", "net"])),
      instance: fc.constantFrom(undefined, undefined, undefined, "plain", "gpu"),
      resources: fc.oneof({ arbitrary: fc.constant([]), weight: 2 }, fc.subarray([...RESOURCES], { maxLength: 2 })),
    }),
    claimAt: fc.nat(8),
    priority: fc.constantFrom<Priority>("low", "normal", "normal", "high", "urgent"),
  });
  const instances = fc.subarray(PROFILES.map((_, index) => index)).map((active): Step => ({
    type: "instances",
    active,
  }));
  return fc.oneof(
    add,
    add,
    add,
    removing(),
    repeating(),
    opening(),
    opening(),
    asking(),
    asking(),
    asking(),
    instances,
  );
}

function removing(): fc.Arbitrary<Step> {
  return fc.nat().map((pick): Step => ({ type: "remove", pick }));
}

/** A task that leaves and comes back with another rank. */
function repeating(): fc.Arbitrary<Step> {
  return fc.record({
    type: fc.constant("repeat" as const),
    pick: fc.nat(),
    claimAt: fc.nat(8),
    priority: fc.constantFrom<Priority>("low", "urgent"),
  });
}

function opening(): fc.Arbitrary<Step> {
  return fc.record({
    type: fc.constant("open" as const),
    resource: fc.constantFrom(...RESOURCES),
    isOpen: fc.boolean(),
  });
}

function asking(): fc.Arbitrary<Step> {
  return fc.record({
    type: fc.constantFrom("ask" as const, "claim" as const),
    profile: fc.nat(PROFILES.length - 1),
  });
}

function newWorld(): World {
  const instances: Profile[] = [];
  return {
    ready: emptyReadyTasks((requirement) => instances.filter((each) => isEligible(each, requirement)).length),
    entries: [],
    instances,
    resources: new Map(RESOURCES.map((name) => [name, { isOpen: true }])),
    order: 1,
  };
}

function play(world: World, step: Step): void {
  switch (step.type) {
    case "add": {
      const { role, capabilities, instance, resources } = step.kind;
      const requirement = instance === undefined
        ? { roles: role === undefined ? [] : [role], capabilities }
        : { instance, roles: [], capabilities: [] };
      give(
        world,
        { requirement, resources: resources.map((name) => resourceOf(world, name)) },
        step.claimAt,
        step.priority,
      );
      return;
    }
    case "remove":
    case "repeat": {
      const entry = world.entries[step.pick % Math.max(1, world.entries.length)];
      if (entry === undefined) return;
      take(world, entry);
      if (step.type === "remove") return;
      entry.node.task = { ...entry.node.task, priority: step.priority };
      entry.node.claimAt = step.claimAt;
      enter(world, entry);
      return;
    }
    case "open":
      return setOpen(world.ready, resourceOf(world, step.resource), step.isOpen);
    case "instances":
      world.instances.splice(0, Infinity, ...step.active.map((index) => PROFILES[index]!));
      return forgetViews(world.ready);
    case "ask":
    case "claim":
      return;
  }
}

function give(world: World, kind: Kind, claimAt: number, priority: Priority, ...dependencies: string[]): TaskNode {
  const order = world.order++;
  const node: TaskNode = {
    task: {
      ...newTask(`t${order}`, ...dependencies),
      priority,
      status: "pending",
      attempt: 0,
      order,
      createdAt: 0,
      pendingAt: 0,
    },
    group: undefined,
    dependencies: NOTHING,
    gates: NOTHING,
    dependents: NO_NODES,
    watchers: NO_GATES,
    unmet: 0,
    blocked: 0,
    notTaken: 0,
    readiness: "ready",
    claimAt,
    heapIndex: -1,
    bucket: undefined,
    wake: undefined,
    due: undefined,
  };
  enter(world, { node, kind });
  return node;
}

function enter(world: World, entry: Entry): void {
  const { requirement, resources } = entry.kind;
  const names = [...world.resources].filter(([, resource]) => resources.includes(resource)).map(([name]) => name);
  addReady(world.ready, entry.node, { key: JSON.stringify([requirement, names]), ...entry.kind });
  world.entries.push(entry);
}

function take(world: World, entry: Entry): void {
  removeReady(world.ready, entry.node);
  world.entries.splice(world.entries.indexOf(entry), 1);
}

function resourceOf(world: World, name: string): Resource {
  const resource = world.resources.get(name);
  assert(resource !== undefined);
  return resource;
}

/** The first of all by urgency, time, being special, and order of creation, which the instance may have. */
function naiveNext(world: World, profile: Profile): Entry | undefined {
  const isSpecial = ({ kind: { requirement } }: Entry) => {
    const { instance, roles, capabilities } = requirement;
    const asks = instance !== undefined || roles.length + capabilities.length > 0;
    return asks && world.instances.filter((each) => isEligible(each, requirement)).length <= 1;
  };
  const rankOf = (entry: Entry) => [
    entry.node.task.priority === "urgent" ? 0 : 1,
    entry.node.claimAt,
    isSpecial(entry) ? 0 : 1,
    entry.node.task.order,
  ];
  return world.entries
    .filter(({ kind }) => isEligible(profile, kind.requirement) && kind.resources.every(({ isOpen }) => isOpen))
    .map((entry) => ({ entry, rank: rankOf(entry) }))
    .sort((a, b) => {
      const place = a.rank.findIndex((value, index) => value !== b.rank[index]);
      return place < 0 ? 0 : a.rank[place]! - b.rank[place]!;
    })[0]?.entry;
}
