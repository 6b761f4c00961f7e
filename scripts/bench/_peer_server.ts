/** The Python yardstick as a process, with its packages in a virtual environment that is kept. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BENCH_MODELS } from "./_models.ts";
import { findFreePort, hasCommand, runToEnd, type ServerProcess, startServer } from "./_process.ts";

const CACHE_DIR = fileURLToPath(new URL("../../.bench/", import.meta.url));
const BENCH_DIR = fileURLToPath(new URL("./", import.meta.url));
const PACKAGES = [
  "uvicorn[standard]==0.54.0",
  "starlette==1.10.0",
  "onnxruntime==1.30.0",
  "numpy==2.4.6",
];

/** What `pip install uvicorn` gives, and what `pip install uvicorn[standard]` gives. */
export type PeerKind = "uvicorn" | "uvicorn[standard]";

const FLAGS_BY_KIND: Readonly<Record<PeerKind, readonly string[]>> = {
  "uvicorn": ["--loop", "asyncio", "--http", "h11"],
  "uvicorn[standard]": ["--loop", "uvloop", "--http", "httptools"],
};

/** Makes the environment once; answers its Python, or why there is none. */
export async function preparePeer(): Promise<{ python: string } | { reason: string }> {
  if (!(await hasCommand("python3"))) return { reason: "python3 is not installed" };
  const python = join(CACHE_DIR, "peer", "bin", "python");
  try {
    await runToEnd(python, ["-c", "import uvicorn, uvloop, httptools, starlette, onnxruntime"]);
  } catch {
    try {
      await runToEnd("python3", ["-m", "venv", "--clear", join(CACHE_DIR, "peer")]);
      await runToEnd(python, ["-m", "pip", "install", "--quiet", ...PACKAGES]);
    } catch (error) {
      return { reason: (error as Error).message };
    }
  }
  return { python };
}

/** Starts the yardstick with as many processes as Marina has workers. */
export async function startPeer(
  python: string,
  kind: PeerKind,
  processes: number,
): Promise<ServerProcess> {
  const port = findFreePort();
  const [mlp, conv] = BENCH_MODELS;
  return await startServer(
    "env",
    [
      `PEER_MLP=${mlp!.path}`,
      `PEER_CONV=${conv!.path}`,
      python,
      "-m",
      "uvicorn",
      "peer:app",
      ...["--app-dir", BENCH_DIR, "--port", String(port), "--workers", String(processes)],
      ...["--no-access-log", "--log-level", "warning"],
      ...FLAGS_BY_KIND[kind],
    ],
    `http://127.0.0.1:${port}`,
  );
}
