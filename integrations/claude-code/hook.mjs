/**
 * What Claude Code's hooks run: tells the agent what it holds. It never fails a session, and makes nothing: without a plan,
 * or without the program, it only says so on standard error.
 */

import { spawnSync } from "node:child_process";
import { closeSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import process from "node:process";
import { environment, isInstalled, launcherIn, OPTIONS, PLACE } from "./program.mjs";

/** Longest time for a digest, in milliseconds: a session waits for it. */
const TIMEOUT_MS = 5_000;

/** Most bytes of the end of a transcript that are searched for an earlier reminder. */
const MAX_TRANSCRIPT_BYTES = 16 * 1024 * 1024;

try {
  process.stdout.write(answer(JSON.parse(readFileSync(0, "utf8"))));
} catch (error) {
  process.stderr.write(`orchestrator: ${error.message}\n`);
}

/** What is printed for an event. */
function answer(event) {
  if (!isInstalled()) throw new Error("the program is not installed yet: its server does that when it starts");
  switch (event.hook_event_name) {
    case "SessionStart":
      return digest();
    case "PreCompact": {
      const text = digest();
      return text === "" ? "" : `Keep in the summary what the orchestrator's digest says:\n${text}`;
    }
    case "Stop":
      return event.stop_hook_active ? "" : remind(event);
    default:
      throw new Error(`there is nothing to say at ${event.hook_event_name}`);
  }
}

function digest(...options) {
  const args = [launcherIn(PLACE), ...OPTIONS, "digest", ...options];
  const { status, stdout, error } = spawnSync(process.execPath, args, {
    env: environment(),
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    timeout: TIMEOUT_MS,
  });
  if (error !== undefined) throw error;
  return status === 0 ? stdout : "";
}

/** Lets the agent go on if it holds a task, once for each attempt. */
function remind({ transcript_path: transcript }) {
  const held = Array.from(digest("--held").matchAll(/^- (.+ \(attempt \d+\)):/gm), ([, task]) => `still held: ${task}`);
  const said = held.length === 0 || !transcript ? "" : endOf(transcript);
  // A transcript is JSON Lines.
  const unsaid = held.filter((line) => !said.includes(JSON.stringify(line).slice(1, -1)));
  if (unsaid.length === 0) return "";
  const reason = `You stop while you hold tasks of the orchestrator:\n${unsaid.join("\n")}\n` +
    "Call complete_task for what is done, fail_task for what cannot be done, release_task for what another agent shall do. " +
    "If you wait for the user or for something that runs, stop again: this is said once for each attempt.";
  return JSON.stringify({ decision: "block", reason });
}

/** The end of a file; nothing if it cannot be read. */
function endOf(path) {
  let file;
  try {
    file = openSync(path);
    const { size } = fstatSync(file);
    const bytes = Buffer.alloc(Math.min(size, MAX_TRANSCRIPT_BYTES));
    readSync(file, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString("utf8");
  } catch (error) {
    process.stderr.write(`orchestrator: the transcript cannot be read: ${error.message}\n`);
    return "";
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
