/** Python as an independent judge of archives; absent on some machines. */

const probe = await new Deno.Command("python3", { args: ["--version"], stdout: "null" }).output()
  .catch(() => undefined);

/** False where there is no Python 3; a test that needs it is skipped, and says so in its name. */
export const hasPython = probe?.success ?? false;

/** Runs a script and answers what it prints, read as JSON. */
export async function runPython(script: string, args: readonly string[]): Promise<unknown> {
  const output = await new Deno.Command("python3", { args: ["-c", script, ...args] }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (!output.success) throw new Error(text(output.stderr));
  return JSON.parse(text(output.stdout));
}
