/**
 * Shows the whole job on the digit model: `deno task demo`, or `deno task demo -- --once` to end after the answer.
 *
 * Every step is the real command as a process of its own.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { startMarina } from "../tests/support/marina_process.ts";
import { archiveDigits, DIGIT_SEVEN_PATH } from "./digit_model.ts";
import { choosePorts, type ServePorts } from "./_demo_ports.ts";
import { toDigitPicture } from "./_digit_picture.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

async function runDemo(isOnce: boolean): Promise<void> {
  const storeDir = await mkdtemp(join(tmpdir(), "marina-demo-"));
  try {
    await say(`Package the digit model with its handler\n`);
    const startMs = performance.now();
    const fileName = await archiveDigits(storeDir);
    await say(`  ${fileName} is ready after ${toMs(startMs)}\n\n`);
    const { ports, busy } = choosePorts({ inference: 8080, management: 8081, metrics: 8082 });
    if (busy.length > 0) await say(`  Port ${busy.join(", ")} is taken: free ports are used\n\n`);
    await serveDigits(storeDir, fileName, ports, isOnce);
  } finally {
    await rm(storeDir, { recursive: true, force: true });
  }
}

async function serveDigits(
  storeDir: string,
  fileName: string,
  ports: ServePorts,
  isOnce: boolean,
): Promise<void> {
  await say("Serve it\n");
  const startMs = performance.now();
  await using marina = await startMarina({
    args: ["--model-store", storeDir, "--models", `mnist=${fileName}`, "--disable-token-auth"],
    config: {
      inference_address: `http://127.0.0.1:${ports.inference}`,
      management_address: `http://127.0.0.1:${ports.management}`,
      metrics_address: `http://127.0.0.1:${ports.metrics}`,
    },
  });
  await say(`  ${marina.inferenceUrl} answers after ${toMs(startMs)}\n\n`);

  const url = `${marina.inferenceUrl}/predictions/mnist`;
  await say(`Send it a digit that it has never seen\n\n`);
  await say(await toDigitPicture(DIGIT_SEVEN_PATH));
  await say(`\n  $ curl ${url} -T ${relative(ROOT, DIGIT_SEVEN_PATH)}\n`);
  const sentMs = performance.now();
  const answer = await fetch(url, { method: "POST", body: await Deno.readFile(DIGIT_SEVEN_PATH) });
  const text = await answer.text();
  if (!answer.ok) {
    throw new Error(`Cannot show the answer: expected 200, received ${answer.status}\n${text}`);
  }
  await say(`${toAnswerText(text)}\n  answered in ${toMs(sentMs)}\n`);
  if (isOnce) return;

  await say(
    `\nThe server stays up until Ctrl-C. Try next:\n\n` +
      `  curl ${url} -T examples/mnist/digits/3.png\n` +
      `  curl ${marina.managementUrl}/models/mnist\n`,
  );
  await waitForStop(marina.waitForExit());
}

/** The answer as it came, with a bar beside each probability. */
function toAnswerText(text: string): string {
  const lines = text.split("\n").map((line) => {
    const probability = /^ {4}([\d.e-]+),?$/.exec(line)?.[1];
    const bar = "█".repeat(Math.round(Number(probability ?? 0) * 30));
    return `  ${line.padEnd(32)}${bar}`.trimEnd();
  });
  return lines.join("\n") + "\n";
}

/** Answers at Ctrl-C, at SIGTERM, or when the server has ended. */
async function waitForStop(serverEnd: Promise<unknown>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = () => resolve();
  Deno.addSignalListener("SIGINT", stop);
  Deno.addSignalListener("SIGTERM", stop);
  try {
    await Promise.race([promise, serverEnd]);
  } finally {
    Deno.removeSignalListener("SIGINT", stop);
    Deno.removeSignalListener("SIGTERM", stop);
  }
}

function toMs(sinceMs: number): string {
  return `${Math.round(performance.now() - sinceMs)} ms`;
}

async function say(text: string): Promise<void> {
  await Deno.stdout.write(new TextEncoder().encode(text));
}

if (import.meta.main) await runDemo(Deno.args.includes("--once"));
