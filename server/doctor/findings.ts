import type { DoctorReport } from "./report.ts";

type Found = Omit<DoctorReport, "problems" | "notes">;

export interface FindOptions {
  /** Whether the number of GPUs is the operator's and not what was counted. */
  readonly isGpuAskedFor: boolean;
}

/** Why something that was asked for cannot work, a sentence each. */
export function findProblems(found: Found, { isGpuAskedFor }: FindOptions): string[] {
  const { config, providers, folders, addresses } = found;
  const problems: string[] = [];
  if (config.failure !== undefined) problems.push(config.failure);
  for (const { name, works, reason } of providers) {
    if (name === "cpu" && !works) problems.push(`Cannot run models on the CPU: ${reason}`);
  }
  if (isGpuAskedFor && lacksGpu(found)) problems.push(toGpuSentence(found));
  for (const { name, path, isWritable, mustBeWritable, reason } of folders) {
    if (mustBeWritable && !isWritable) {
      problems.push(`Cannot write to the ${name} folder "${path}": ${reason}`);
    }
  }
  for (const { setting, address, isFree, reason } of addresses) {
    if (!isFree) problems.push(`Cannot open ${address} of setting "${setting}": ${reason}`);
  }
  return problems;
}

/** What is worth knowing and stops nothing. */
export function findNotes(found: Found, { isGpuAskedFor }: FindOptions): string[] {
  const notes: string[] = [];
  if (!isGpuAskedFor && lacksGpu(found)) notes.push(toGpuSentence(found));
  const { cpu, memory } = found;
  if (cpu.limitCores !== undefined && cpu.limitCores < cpu.cores) {
    notes.push(
      `The control group allows ${
        Number(cpu.limitCores.toFixed(2))
      } of ${cpu.cores} cores: threads beyond that wait for each other`,
    );
  }
  if (memory.limitBytes !== undefined && memory.limitBytes < memory.availableBytes) {
    notes.push("The control group allows less memory than the machine has available");
  }
  return notes;
}

/** False, too, where nothing was tried. */
function lacksGpu({ config, providers }: Found): boolean {
  return config.numberOfGpu > 0 && providers.length > 0 &&
    !providers.some(({ name, works }) => name !== "cpu" && works);
}

function toGpuSentence({ config, providers }: Found): string {
  const reasons = providers.filter(({ name }) => name !== "cpu").map(({ name, reason }) =>
    `${name}: ${reason}`
  );
  return `Cannot use a GPU, and number_of_gpu is ${config.numberOfGpu}: ${reasons.join("; ")}`;
}
