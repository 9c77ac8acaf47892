/** Shows that each store keeps what every store promises of sessions. */

import { realDisk } from "../../src/store/file/disk.ts";
import { SessionFiles } from "../../src/store/file/session_files.ts";
import { MemorySessions } from "../../src/store/memory/memory_sessions.ts";
import type { Sessions } from "../../src/app/ports.ts";
import { RecordingLog } from "../support/log.ts";
import { temporaryDirectory } from "../support/temp.ts";
import { type SessionsProcess, testSessions } from "./sessions_contract.ts";
import { closingDisk } from "./file/closing_disk.ts";

testSessions("SessionFiles", {
  permissions: { read: "inherit", write: "inherit" },
  async make() {
    const directory = await temporaryDirectory();
    return {
      start() {
        const { disk, closeAll } = closingDisk(realDisk);
        return {
          sessions: new SessionFiles({ directory: directory.path, disk, log: new RecordingLog() }),
          kill: closeAll,
        };
      },
      [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
    };
  },
});

testSessions("MemorySessions", {
  permissions: "none",
  make() {
    const sessions = new MemorySessions();
    return Promise.resolve({
      start: () => processIn(sessions),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  },
});

/** There is one process only, so killing it means that what it opened is disposed of. */
function processIn(shared: MemorySessions): SessionsProcess {
  const opened: AsyncDisposable[] = [];
  const sessions: Sessions = {
    async open(id) {
      const session = await shared.open(id);
      opened.push(session);
      return session;
    },
    dead: (ids) => shared.dead(ids),
  };
  return {
    sessions,
    kill() {
      for (const session of opened) session[Symbol.asyncDispose]();
    },
  };
}
