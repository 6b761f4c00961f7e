import { deepStrictEqual, rejects } from "node:assert/strict";
import { ServeError } from "../../server/errors.ts";
import type { ModelService } from "../../server/http/mod.ts";
import { createSnapshottingService } from "../../server/_snapshotting_service.ts";
import { LeftOutModels } from "../../server/snapshots/mod.ts";

/** A service of one model, each of whose calls is a line among the writer's. */
function createParts(over: Partial<ModelService> = {}) {
  const lines: string[] = [];
  let finishWrite = (): void => {};
  const tell = <Outcome>(line: string, outcome: Outcome) => () => {
    lines.push(line);
    return outcome;
  };
  const models = {
    register: tell(
      "register",
      Promise.resolve({
        modelName: "noop",
        modelVersion: "1.0",
        workers: 0,
        isComplete: true,
      }),
    ),
    scale: tell("scale", Promise.resolve("complete" as const)),
    setDefault: tell("setDefault", undefined),
    setTraffic: tell("setTraffic", undefined),
    unregister: tell("unregister", Promise.resolve()),
    describe: tell("describe", []),
    ...over,
  } as unknown as ModelService;
  const writer = {
    save(): Promise<void> {
      lines.push("save begins");
      return new Promise((resolve) =>
        finishWrite = () => {
          lines.push("save ends");
          resolve();
        }
      );
    },
  };
  const leftOut = new LeftOutModels();
  const service = createSnapshottingService(models, writer, leftOut);
  return { service, lines, leftOut, finishWrite: () => finishWrite() };
}

/** Lets what is ready go on. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

const SCALE = { modelName: "noop", minWorkers: 1, maxWorkers: 1, isSynchronous: false };
const CHANGES: Record<string, (service: ModelService) => unknown> = {
  register: (service) => service.register({ url: "noop.mar", isSynchronous: true }),
  scale: (service) => service.scale(SCALE),
  setDefault: (service) => service.setDefault("noop", "1.0"),
  setTraffic: (service) => service.setTraffic("noop", undefined),
  unregister: (service) => service.unregister("noop"),
};

Deno.test.each(Object.keys(CHANGES).map((change) => ({ change })))(
  "createSnapshottingService() answers $change once its snapshot is on disk (§7)",
  async ({ change }) => {
    const { service, lines, finishWrite } = createParts();
    const answered = Promise.resolve(CHANGES[change]!(service)).then(() => lines.push("answered"));
    await settle();
    deepStrictEqual(lines, [change, "save begins"]);
    finishWrite();
    await answered;
    deepStrictEqual(lines, [change, "save begins", "save ends", "answered"]);
  },
);

Deno.test("createSnapshottingService() writes after a call that failed, too, as it may have changed something", async () => {
  const { service, lines, finishWrite } = createParts({
    scale: () => Promise.reject(new ServeError("workers_failed_to_start", "no")),
  });
  const refused = rejects(service.scale(SCALE), { code: "workers_failed_to_start" });
  await settle();
  deepStrictEqual(lines, ["save begins"]);
  finishWrite();
  await refused;
});

Deno.test("createSnapshottingService() writes nothing for questions", () => {
  const { service, lines } = createParts();
  service.describe("noop");
  deepStrictEqual(lines, ["describe"]);
});

Deno.test("createSnapshottingService() unregisters a version that could not be restored", async () => {
  const { service, leftOut, finishWrite } = createParts({
    unregister: () => Promise.reject(new ServeError("model_not_found", "Model not found: gone")),
  });
  const gone = { modelName: "gone", modelVersion: "1.0", url: "gone.mar", isDefault: true };
  leftOut.add(gone, undefined);
  const unregistered = service.unregister("gone");
  await settle();
  finishWrite();
  await unregistered;
  deepStrictEqual(leftOut.has("gone", "1.0"), false);

  const refused = rejects(service.unregister("gone"), { code: "model_not_found" });
  await settle();
  finishWrite();
  await refused;
});
