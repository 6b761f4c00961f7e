import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import {
  type DoctorReport,
  findNotes,
  findProblems,
  toReportText,
} from "../../../server/doctor/mod.ts";

type Found = Omit<DoctorReport, "problems" | "notes">;

const FINE: Found = {
  versions: { marina: "1.2.3", deno: "2.9.6", onnxruntime: "1.30.0", target: "x86_64-linux" },
  config: { file: "/etc/config.properties", numberOfGpu: 2 },
  cpu: { model: "CPU of a test", cores: 8 },
  memory: { totalBytes: 32e9, availableBytes: 16e9 },
  gpus: {
    nvidia: [{ index: 0, name: "NVIDIA T4", memoryMegabytes: 15360, driver: "570.86.15" }, {
      index: 1,
      name: "NVIDIA L4",
    }],
    pci: [
      { id: "10de:1eb8", vendor: "NVIDIA", driver: "nvidia" },
      { id: "1002:744c", vendor: "AMD", driver: "amdgpu", memoryBytes: 24e9 },
    ],
    vulkanManifests: [],
  },
  providers: [
    { name: "cpu", works: true },
    { name: "cuda", works: false, reason: "no library", wayOut: "install it" },
    { name: "webgpu", works: true },
  ],
  folders: [{
    name: "temp",
    path: "/tmp",
    isWritable: true,
    mustBeWritable: true,
    freeBytes: 5e9,
  }],
  addresses: [{ setting: "inference_address", address: "http://127.0.0.1:8080", isFree: true }],
};

const NO_GPU: Found = {
  ...FINE,
  providers: FINE.providers.map((provider) =>
    provider.name === "webgpu" ? { ...provider, works: false, reason: "no adapter" } : provider
  ),
};

Deno.test("findProblems() has none where one GPU provider works", () => {
  deepStrictEqual(findProblems(FINE, { isGpuAskedFor: true }), []);
  deepStrictEqual(findNotes(FINE, { isGpuAskedFor: true }), []);
});

Deno.test("findProblems() names every reason when no provider works for the GPU that is asked for; where it was only counted it is a note", () => {
  const sentence = "Cannot use a GPU, and number_of_gpu is 2: cuda: no library; webgpu: no adapter";
  deepStrictEqual(findProblems(NO_GPU, { isGpuAskedFor: true }), [sentence]);
  deepStrictEqual(findNotes(NO_GPU, { isGpuAskedFor: true }), []);
  deepStrictEqual(findProblems(NO_GPU, { isGpuAskedFor: false }), []);
  deepStrictEqual(findNotes(NO_GPU, { isGpuAskedFor: false }), [sentence]);
});

Deno.test("findProblems() names folders that must be writable, taken ports, and a CPU that runs nothing", () => {
  const reason = "Permission denied";
  const broken: Found = {
    ...FINE,
    providers: [{ name: "cpu", works: false, reason: "it crashed" }],
    config: { ...FINE.config, numberOfGpu: 0 },
    folders: [
      { name: "logs", path: "/l", isWritable: false, mustBeWritable: true, reason },
      { name: "store", path: "/s", isWritable: false, mustBeWritable: false, reason },
    ],
    addresses: [{ ...FINE.addresses[0]!, isFree: false, reason: "another program listens there" }],
  };
  deepStrictEqual(findProblems(broken, { isGpuAskedFor: true }), [
    "Cannot run models on the CPU: it crashed",
    'Cannot write to the logs folder "/l": Permission denied',
    'Cannot open http://127.0.0.1:8080 of setting "inference_address": another program listens there',
  ]);
});

Deno.test("findNotes() tells of control groups that allow less than the machine has", () => {
  const narrow: Found = {
    ...FINE,
    cpu: { ...FINE.cpu, limitCores: 1.5 },
    memory: { ...FINE.memory, limitBytes: 1e9 },
  };
  const notes = findNotes(narrow, { isGpuAskedFor: false });
  match(notes[0]!, /^The control group allows 1\.5 of 8 cores/);
  match(notes[1]!, /^The control group allows less memory/);
});

Deno.test("toReportText() has a line for each thing, and the way out below what does not work", () => {
  const text = toReportText({ ...FINE, problems: [], notes: ["mind this"] });
  strictEqual(
    text,
    `Marina     1.2.3 on x86_64-linux
Runtime    Deno 2.9.6, ONNX Runtime 1.30.0
Config     /etc/config.properties
CPU        8 cores of CPU of a test
Memory     32.0 GB, 16.0 GB available
GPU 0      NVIDIA T4, 16.1 GB, driver 570.86.15
GPU 1      NVIDIA L4
GPU        AMD 1002:744c, 24.0 GB, driver amdgpu
Vulkan     no driver found
Provider   cpu works
Provider   cuda does not work: no library
           → install it
Provider   webgpu works
Folder     temp: /tmp, writable, 5.0 GB free
Address    inference_address: http://127.0.0.1:8080, free

note: mind this
All that is asked for can work.
`,
  );
});
