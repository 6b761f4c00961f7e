/** The digit example, packaged by the real command. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runMarina } from "../tests/support/marina_process.ts";

const EXAMPLE_DIR = fileURLToPath(new URL("../examples/mnist/", import.meta.url));

/** A held-back image of a seven. */
export const DIGIT_SEVEN_PATH: string = join(EXAMPLE_DIR, "digits", "7.png");

/** Packages the digit model into `storeDir`; answers the archive's file name. */
export async function archiveDigits(storeDir: string): Promise<string> {
  const args = ["archive", "--model-name", "mnist", "--version", "1.0"];
  args.push("--serialized-file", join(EXAMPLE_DIR, "mnist.onnx"));
  args.push("--handler", join(EXAMPLE_DIR, "handler.ts"), "--export-path", storeDir, "--force");
  const { code, stderr } = await runMarina(args);
  if (code !== 0) {
    throw new Error(`Cannot archive the digit model: it ended with code ${code}\n${stderr}`);
  }
  return "mnist.mar";
}
