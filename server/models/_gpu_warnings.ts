import type { ModelConfig } from "./model_config.ts";

/** What of a model's config has no effect on a server with so many devices, one line each. */
export function listGpuWarnings(
  { deviceType, deviceIds = [] }: Pick<ModelConfig, "deviceType" | "deviceIds">,
  numberOfGpu: number,
): string[] {
  if (numberOfGpu === 0) {
    return deviceType === "gpu"
      ? [
        'Cannot use "deviceType" of the model config: it asks for a GPU and number_of_gpu is 0, the CPU is used',
      ]
      : [];
  }
  const absent = deviceIds.filter((id) => id >= numberOfGpu);
  if (absent.length === 0 || deviceType === "cpu") return [];
  return [
    `Cannot use "deviceIds" of the model config: it names ${
      absent.join(", ")
    } and number_of_gpu is ${numberOfGpu}, its workers take turns over all devices`,
  ];
}
