/** Unpacks one archive as `serve` does: `deno run -A unpack.ts ARCHIVE DESTINATION`. */
import { openArchive } from "../../archiver/mod.ts";

const [archivePath, destination] = Deno.args;
await openArchive(archivePath!, { destination: destination! });
