/**
 * Installs a finished release as people do: `install.sh` in `sh`, from a web server of this machine, into a
 * folder of its own. Prints what the installed program says of itself; ends with 1 when there is none.
 *
 * `deno run -A scripts/release/try_installer.ts DIR`
 */
import { join } from "node:path";

const [dir] = Deno.args;
if (dir === undefined || Deno.args.length > 1) {
  throw new Error(`Cannot try a release: expected its folder, found ${Deno.args.length} arguments`);
}

const FOLDER = "/latest/download/";

async function answer(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const name = pathname.startsWith(FOLDER) ? pathname.slice(FOLDER.length) : "";
  if (!/^[\w.-]+$/.test(name)) return new Response("not here", { status: 404 });
  try {
    return new Response((await Deno.open(join(dir!, name))).readable);
  } catch {
    return new Response("not here", { status: 404 });
  }
}

const to = await Deno.makeTempDir();
const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, answer);
try {
  const { code } = await new Deno.Command("sh", {
    args: [join(dir, "install.sh"), "--dir", to],
    env: { MARINA_BASE_URL: `http://127.0.0.1:${server.addr.port}` },
  }).spawn().status;
  Deno.exitCode = code;
} finally {
  await server.shutdown();
  await Deno.remove(to, { recursive: true });
}
