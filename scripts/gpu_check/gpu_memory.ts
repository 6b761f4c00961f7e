/** Mebibytes in use on all NVIDIA cards together; `undefined` where their tool does not tell. */
export async function readGpuMemory(): Promise<number | undefined> {
  try {
    const { success, stdout } = await new Deno.Command("nvidia-smi", {
      args: ["--query-gpu=memory.used", "--format=csv,noheader,nounits"],
      stdin: "null",
      stderr: "null",
      signal: AbortSignal.timeout(10_000),
    }).output();
    const values = new TextDecoder().decode(stdout).trim().split("\n").map(Number);
    return success && values.every(Number.isFinite)
      ? values.reduce((sum, value) => sum + value, 0)
      : undefined;
  } catch {
    return undefined;
  }
}
