/**
 * Copies a data directory while servers write to it. Takes no lock and changes nothing there. It copies the checkpoint
 * first, then the places of deliverers, and then the journal, which only grows: so the copy has everything that was answered
 * before it began, and its journal is never older than the others. Files get their final names only once all of them are durable.
 */

import { Unavailable } from "../../app/ports.ts";
import { RESTART } from "./codec.ts";
import { DELIVERIES, isDeliveryText } from "./delivery_files.ts";
import { type Disk, readChunks } from "./disk.ts";
import { writeDurably } from "./durable_file.ts";
import type { FilePosition } from "./file_position.ts";
import { EPOCH_FILE } from "./identity.ts";
import { sha256Stream } from "./hash.ts";
import { type Fault, verifyJournal } from "./maintenance.ts";
import { walkJournal } from "./segment_files.ts";
import { segmentName, segmentNumbers } from "./segments.ts";
import { parseStateFile, STATE_FILE, TASKS_FILE } from "./state_file.ts";

/** Suffix of every copied file and folder until all of them are durable. */
const PARTIAL = ".partial";

/** Most tries to copy both files of one checkpoint, as a server may replace them in between. */
const MAX_TRIES = 5;

export interface BackupOptions {
  /** The data directory. Absolute and without symbolic links, as is `destination`. */
  readonly directory: string;
  /** Where the copy goes. Must be empty or missing; its parent directory must exist. */
  readonly destination: string;
}

/** The result of a backup. */
export interface Backup {
  /** The directory with the copy. */
  readonly destination: string;
  readonly records: number;
  /** Number of journal files. */
  readonly segments: number;
  /** Seq of the last record in the copied checkpoint; undefined if there is no usable one. */
  readonly checkpointSeq?: number;
}

/**
 * Copies the journal and the checkpoint of a data directory, and checks the copy.
 *
 * @throws Unavailable `storage_failed` if the destination cannot be used or the copy is not whole; `journal_damaged` or
 * `newer_version` if the journal cannot be read
 */
export async function backUp(disk: Disk, { directory, destination }: BackupOptions): Promise<Backup> {
  refuseDestination(disk, directory, destination);
  const { end: verified, fault } = verifyJournal(disk, directory);
  refuseFault(directory, fault);
  const isNew = disk.identity(destination) === undefined;
  disk.makeDirectory(`${destination}/journal${PARTIAL}`);
  const checkpointSeq = await copyCheckpoint(disk, directory, destination);
  await copyDeliveries(disk, directory, destination);
  const end = endAfter(disk, directory, verified);
  const segments = await copySegments(disk, { directory, destination, end });
  await copyEpoch(disk, directory, destination);
  publish(disk, destination);
  if (isNew) disk.syncDirectory(destination.slice(0, destination.lastIndexOf("/")) || "/");
  const copy = verifyJournal(disk, destination);
  if (copy.fault !== undefined || copy.records !== end.seq) throw notWhole(destination, end.seq, copy.records);
  return { destination, records: end.seq, segments, ...(checkpointSeq !== undefined && { checkpointSeq }) };
}

function refuseDestination(disk: Disk, directory: string, destination: string): void {
  // The separator is that of the system.
  const isInside = destination.startsWith(directory) && /^($|[/\\])/.test(destination.slice(directory.length));
  if (isInside) throw refused(destination, `it is in the data directory ${directory}`, "name a directory elsewhere");
  const [name] = disk.list(destination);
  if (name === undefined) return;
  throw refused(destination, `there is ${name} in it`, "name a directory that does not exist or is empty");
}

function refused(destination: string, why: string, nextStep: string): Unavailable {
  return new Unavailable("storage_failed", `Cannot back up to ${destination}: ${why}. Nothing was copied; ${nextStep}`);
}

/** Throws for any fault but an unfinished last record, which was never answered. */
function refuseFault(directory: string, fault: Fault | undefined): void {
  if (fault === undefined || fault.kind === "torn") return;
  const { path, line, why } = fault;
  throw fault.kind === "newer"
    ? new Unavailable(
      "newer_version",
      `Cannot back up ${directory}: a newer version of this program wrote ${path} line ${line}: ${why}. Nothing was ` +
        `copied. ${RESTART}`,
    )
    : new Unavailable(
      "journal_damaged",
      `Cannot back up ${directory}: the journal is damaged at ${path} line ${line}: ${why}. Nothing was copied; the ` +
        "verify command shows the damage, and any tool that copies files keeps it as it is",
    );
}

/** Copies the files of the checkpoint as they are; resolves to its seq, or undefined if it is not usable. */
async function copyCheckpoint(disk: Disk, directory: string, destination: string): Promise<number | undefined> {
  for (let tries = 1;; tries++) {
    const state = disk.readFile(`${directory}/${STATE_FILE}`);
    const file = parseStateFile(state);
    const digest = await copyTasks(disk, directory, destination);
    const isWhole = file.type === "known" && file.state.tasks.sha256 === digest;
    // A tasks.json that was edited by hand never matches: after MAX_TRIES it is copied as it is.
    if (file.type === "known" && !isWhole && tries < MAX_TRIES) continue;
    if (state !== undefined) await writeDurably(disk, `${destination}/${STATE_FILE}${PARTIAL}`, [state]);
    return isWhole ? file.state.position.seq : undefined;
  }
}

/** Copies `tasks.json`; resolves to its SHA-256, or undefined if there is no such file. */
async function copyTasks(disk: Disk, directory: string, destination: string): Promise<string | undefined> {
  const path = `${directory}/${TASKS_FILE}`;
  if (disk.identity(path) === undefined) return undefined;
  const hash = sha256Stream();
  await writeDurably(disk, `${destination}/${TASKS_FILE}${PARTIAL}`, observed(readChunks(disk, path), hash.update));
  return hash.digest();
}

/** The end of the journal now, read on from an earlier end. */
function endAfter(disk: Disk, directory: string, before: FilePosition): FilePosition {
  let end = before;
  for (const { position } of walkJournal(disk, directory, before)) end = position;
  return end;
}

/** Copies the records up to a position; resolves to the number of files. */
async function copySegments(
  disk: Disk,
  { directory, destination, end }: BackupOptions & { readonly end: FilePosition },
): Promise<number> {
  const isCopied = (number: number) => number < end.segment || (number === end.segment && end.offset > 0);
  const numbers = segmentNumbers(disk, `${directory}/journal`).filter(isCopied);
  for (const number of numbers) {
    const sizeBytes = number === end.segment ? end.offset : Infinity;
    const chunks = firstBytes(readChunks(disk, `${directory}/journal/${segmentName(number)}`), sizeBytes);
    await writeDurably(disk, `${destination}/journal${PARTIAL}/${segmentName(number)}`, chunks);
  }
  return numbers.length;
}

async function copyEpoch(disk: Disk, directory: string, destination: string): Promise<void> {
  const epoch = disk.readFile(`${directory}/${EPOCH_FILE}`);
  if (epoch !== undefined) await writeDurably(disk, `${destination}/${EPOCH_FILE}${PARTIAL}`, [epoch]);
}

/** Copies what deliverers keep, but not their locks. */
async function copyDeliveries(disk: Disk, directory: string, destination: string): Promise<void> {
  const names = disk.list(`${directory}/${DELIVERIES}`).filter(isDeliveryText);
  if (names.length > 0) disk.makeDirectory(`${destination}/${DELIVERIES}${PARTIAL}`);
  for (const name of names) {
    const bytes = disk.readFile(`${directory}/${DELIVERIES}/${name}`);
    if (bytes !== undefined) await writeDurably(disk, `${destination}/${DELIVERIES}${PARTIAL}/${name}`, [bytes]);
  }
  if (names.length > 0) disk.syncDirectory(`${destination}/${DELIVERIES}${PARTIAL}`);
}

/** Gives everything its final name: the journal first, as it is a usable copy alone, then in the order of `save`. */
function publish(disk: Disk, destination: string): void {
  disk.syncDirectory(`${destination}/journal${PARTIAL}`);
  for (const name of ["journal", EPOCH_FILE, DELIVERIES, STATE_FILE, TASKS_FILE]) {
    if (disk.identity(`${destination}/${name}${PARTIAL}`) === undefined) continue;
    disk.rename(`${destination}/${name}${PARTIAL}`, `${destination}/${name}`);
  }
  disk.syncDirectory(destination);
}

function notWhole(destination: string, expected: number, found: number): Unavailable {
  return new Unavailable(
    "storage_failed",
    `The copy in ${destination} has ${found} whole records instead of ${expected}: the journal was cut or replaced ` +
      "meanwhile, or the disk is failing. Delete that copy and try again",
  );
}

function* observed(chunks: Iterable<Uint8Array>, observe: (chunk: Uint8Array) => void): Iterable<Uint8Array> {
  for (const chunk of chunks) {
    observe(chunk);
    yield chunk;
  }
}

function* firstBytes(chunks: Iterable<Uint8Array>, sizeBytes: number): Iterable<Uint8Array> {
  let left = sizeBytes;
  for (const chunk of chunks) {
    if (left <= 0) return;
    yield chunk.subarray(0, left);
    left -= chunk.length;
  }
}
