import { join } from "node:path";

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ts: "application/typescript",
  json: "application/json",
};

/** A folder behind an address, until it is disposed of. */
export interface ServedFolder extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, no slash at the end. */
  readonly url: string;
}

/** Serves the modules of a folder on a free port of this machine; everything else is not found. */
export function serveFolder(dir: string): ServedFolder {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async ({ url }) => {
      const { pathname } = new URL(url);
      const contentType = CONTENT_TYPES[pathname.split(".").at(-1)!];
      if (contentType === undefined) return new Response(null, { status: 404 });
      try {
        const bytes = await Deno.readFile(join(dir, pathname));
        return new Response(bytes, { headers: { "content-type": contentType } });
      } catch {
        return new Response(null, { status: 404 });
      }
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
