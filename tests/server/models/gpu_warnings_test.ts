import { deepStrictEqual } from "node:assert/strict";
import { listGpuWarnings } from "../../../server/models/_gpu_warnings.ts";

const ABSENT =
  'Cannot use "deviceIds" of the model config: it names 2, 7 and number_of_gpu is 2, its workers take turns over all devices';
const NO_GPU =
  'Cannot use "deviceType" of the model config: it asks for a GPU and number_of_gpu is 0, the CPU is used';

Deno.test.each([
  { config: { deviceIds: [0, 2, 1, 7] }, numberOfGpu: 2, warnings: [ABSENT] },
  { config: { deviceIds: [1, 0] }, numberOfGpu: 2, warnings: [] },
  { config: { deviceIds: [5] }, numberOfGpu: 0, warnings: [] },
  { config: { deviceIds: [5], deviceType: "cpu" as const }, numberOfGpu: 2, warnings: [] },
  { config: { deviceType: "gpu" as const }, numberOfGpu: 0, warnings: [NO_GPU] },
  { config: { deviceType: "gpu" as const }, numberOfGpu: 1, warnings: [] },
])(
  "listGpuWarnings() of $config where number_of_gpu is $numberOfGpu (§8.4, §9)",
  ({ config, numberOfGpu, warnings }) => {
    deepStrictEqual(listGpuWarnings(config, numberOfGpu), warnings);
  },
);
