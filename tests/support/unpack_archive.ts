/**
 * A process that unpacks `ARCHIVE` into `DESTINATION` and prints what it cost:
 * `{"peakRssBytes": 123, "unpackMs": 45}`. Linux only: the peak is the kernel's own count.
 */
import { openArchive } from "../../archiver/open_archive.ts";

const [path, destination] = Deno.args;
if (path === undefined || destination === undefined) {
  throw new TypeError("Cannot unpack: expected ARCHIVE and DESTINATION");
}
const startMs = performance.now();
await openArchive(path, { destination });
const unpackMs = performance.now() - startMs;
const peakKib = /^VmHWM:\s+(\d+) kB$/m.exec(await Deno.readTextFile("/proc/self/status"))?.[1];
const text = JSON.stringify({ peakRssBytes: Number(peakKib) * 1024, unpackMs });
await Deno.stdout.write(new TextEncoder().encode(`${text}\n`));
