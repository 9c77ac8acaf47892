/**
 * The command init: writes the server into the configuration of clients, and takes it out again. Every file is read before
 * the first one is written: one that cannot be read ends the command, and nothing was changed. A link without a target does
 * not stop the others.
 */

import {
  carryOut,
  forget,
  type InitParts,
  type InitRequest,
  type Outcome,
  planParts,
  readRecord,
} from "./carry_out.ts";
import { pathOfFile, type Place, planEntry, type Planned, planParagraph, planRemoval } from "./plan.ts";
import { clientsNamed, instructionFiles, type Scope, type Target, targetsOf } from "./targets.ts";

export interface InitOptions extends InitRequest {
  /** Whether everything is taken back. */
  readonly remove: boolean;
  /** Names of clients. Default: those that are in use; to take back, all. */
  readonly clients?: readonly string[];
  readonly scope: Scope;
  /** The name of the server in the configuration. */
  readonly name: string;
  /** Whether agents get a paragraph of instructions. Default: it is asked for. */
  readonly instructions?: boolean;
}

/** Runs the command; returns its exit code. */
export function runInit(options: InitOptions, parts: InitParts): number {
  return options.remove ? takeBack(options, parts) : putIn(options, parts);
}

function putIn(options: InitOptions, parts: InitParts): number {
  const { places, project, start, files, findsProject, isOutsideGit, print } = parts;
  const targets = targetsOf(clientsNamed(options.clients), { scope: options.scope, places, project })
    .filter(({ traces }) => options.clients !== undefined || traces.some(files.exists));
  if (targets.length === 0) {
    const looked = options.clients === undefined
      ? "No client was found"
      : "None of these clients has a file of its own";
    print(`${looked} for --scope ${options.scope}: name clients with --client, as docs/clients.md lists them`);
    return 1;
  }
  const told = findsProject ? project : undefined;
  const entries = targets.map((target) =>
    planEntry(target, { name: options.name, start, places, told, isOutsideGit }, planParts(parts))
  );
  const planned = unique([...entries, ...instructionPlans(targets, options, parts)]);
  const outcomes = planned.map((each) => carryOut(each, options, parts));
  const isParagraphLeft = planned.some(({ kind }, index) => kind.type === "paragraph" && outcomes[index] === "left");
  // Without a terminal to ask on, only --instructions writes it.
  const isUnasked = isParagraphLeft && options.instructions === undefined;
  if (findsProject && isOutsideGit) print(`Clients start this server in git repositories only: ${project} is in none.`);
  const how = isUnasked
    ? "--yes writes the configuration, and with --instructions the paragraph, too"
    : "--yes writes it";
  return conclude(outcomes, { ...options, how }, parts);
}

/** The paragraphs for the agents of clients. A file that imports AGENTS.md needs none of its own. */
function instructionPlans(targets: readonly Target[], options: InitOptions, parts: InitParts): readonly Planned[] {
  const { files, project } = parts;
  const isWanted = options.instructions ?? !options.yes;
  if (!isWanted) return [];
  const own = instructionFiles(targets.map(({ client }) => client), project);
  const wanted = own.map((file) => importsAgents(files.read(file)) ? `${project}/AGENTS.md` : file);
  return wanted.map((file) => planParagraph(file, options.name, planParts(parts)));
}

function importsAgents(text: string | undefined): boolean {
  return text !== undefined && /^@(\.\/)?AGENTS\.md\s*$/m.test(text);
}

function takeBack(options: InitOptions, parts: InitParts): number {
  const outcomes: Outcome[] = [];
  const places = unique(ownPlaces(options, parts));
  for (const place of places) planRemoval(place, planParts(parts));
  // Planned again one by one, as a file may have several parts.
  for (const place of places) {
    const edit = planRemoval(place, planParts(parts));
    if (edit === undefined) forget(place, parts);
    else outcomes.push(carryOut(edit, options, parts));
  }
  // An init that was killed before it had a record may have left its directory.
  parts.files.removeEmptyDirectory(parts.recordDirectory);
  if (outcomes.length === 0) parts.print("There is nothing to take back.");
  return conclude(outcomes, { ...options, how: "--yes writes it" }, parts);
}

/** Where something of init may be: first what it remembers, the newest first, then the files that it knows. */
function ownPlaces(options: InitOptions, parts: InitParts): readonly Place[] {
  const known = knownPlaces(options, parts);
  const titleOf = (path: string) => known.find((place) => place.path === path)?.title;
  const remembered = readRecord(parts).changes.toReversed()
    .filter(({ path }) => options.clients === undefined || titleOf(path) !== undefined)
    .map(({ path, kind }): Place => ({ title: titleOf(path) ?? "Another project", path, kind }));
  return [...remembered, ...known].filter(({ kind }) => options.instructions !== false || kind.type !== "paragraph");
}

function knownPlaces({ clients: names, name }: InitOptions, { places, project, files }: InitParts): readonly Place[] {
  const clients = clientsNamed(names);
  const targets = (["user", "project"] as const).flatMap((scope) => targetsOf(clients, { scope, places, project }));
  const entries = targets.flatMap(({ client: { title, format, container }, files: paths }) =>
    paths.map((path): Place => ({
      title,
      path: pathOfFile(path, files),
      kind: { type: "entry", format, container, name },
    }))
  );
  const paragraphs = instructionFiles(clients, project).map((path): Place => ({
    title: "The paragraph for agents",
    path: pathOfFile(path, files),
    kind: { type: "paragraph" },
  }));
  return [...entries, ...paragraphs];
}

/** Of several clients with one file, and of files that are links to one, the first. */
function unique<T extends Place>(places: readonly T[]): readonly T[] {
  const seen = new Set<string>();
  return places.filter(({ path, kind }) => {
    const key = JSON.stringify([path, kind]);
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew;
  });
}

/** @param how what is left is written, in words */
function conclude(
  outcomes: readonly Outcome[],
  { yes, remove, how }: InitOptions & { readonly how: string },
  { confirm, print }: InitParts,
): number {
  const isPending = outcomes.includes("left") && !yes && confirm === undefined;
  if (isPending) print(`Nothing was written, as there is no terminal to ask on: ${how}.`);
  if (outcomes.includes("written")) {
    print(
      remove
        ? "Restart the clients, so that they end the server. The tasks are kept: README.md says where, under Uninstall."
        : "Restart the clients, so that they start the server. init --remove takes it back.",
    );
  }
  return outcomes.includes("failed") ? 1 : 0;
}
