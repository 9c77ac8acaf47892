/** A process that holds the write lock of a data directory until its standard input ends. Run by tests. */

import { realDisk } from "../../../src/store/file/disk.ts";
import { WriteLock } from "../../../src/store/file/write_lock.ts";

const lock = new WriteLock(realDisk, `${Deno.args[0]}/lock`);
await lock.acquire();
console.log("held");
for await (const _ of Deno.stdin.readable);
lock.close();
