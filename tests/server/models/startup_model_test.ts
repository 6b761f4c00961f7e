import { strictEqual } from "node:assert/strict";
import { RegistryBench } from "../../support/registry_bench.ts";

Deno.test("ModelRegistry.findStartupModel() knows the one model that was there at the start, or was restored (§1.4)", async () => {
  await using bench = await RegistryBench.create();
  const { registry } = bench;
  const register = (name: string, file: string, over: object) =>
    registry.register({ url: file, modelName: name, isSynchronous: false, ...over });
  const restore = (name: string, file: string, version: string) => {
    const restored = {
      modelName: name,
      modelVersion: version,
      url: file,
      isDefault: true,
      minWorkers: 0,
    };
    return register(name, file, { restored });
  };
  strictEqual(registry.findStartupModel(), undefined);
  await register("api", "net@1.mar", { initialWorkers: 0 });
  strictEqual(registry.findStartupModel(), undefined);
  await restore("one", "net@1.mar", "1.0");
  await restore("one", "net@2.mar", "2.0");
  strictEqual(registry.findStartupModel(), "one");
  await register("two", "net@1.mar", { isAtStartup: true, initialWorkers: 1 });
  strictEqual(registry.findStartupModel(), undefined);
  await registry.unregister("one", "2.0");
  await registry.unregister("one");
  strictEqual(registry.findStartupModel(), "two");
});
