import { deepStrictEqual } from "node:assert/strict";
import { ModelReloader } from "../../server/_model_reloader.ts";
import type { StartupModel } from "../../server/config/mod.ts";
import type { ModelDescription, RegisterRequest } from "../../server/models/mod.ts";

interface Scene {
  /** URLs of registered models, each named as its URL. */
  readonly registered?: readonly string[];
  readonly downloads?: readonly string[];
  readonly folders?: readonly string[];
  readonly startupModels?: readonly StartupModel[] | "all";
}

/** What is asked of the registry when `name` has changed. */
async function follow(name: string, scene: Scene, isGone = false): Promise<RegisterRequest[]> {
  const asked: RegisterRequest[] = [];
  const reloader = new ModelReloader({
    registry: {
      describeAll: () =>
        (scene.registered ?? []).map((modelUrl) =>
          ({ modelName: modelUrl, modelVersion: "1.0", modelUrl }) as ModelDescription
        ),
      register: (request) => {
        asked.push(request);
        const { modelName = "new" } = request;
        return Promise.resolve({ modelName, modelVersion: "1.0", workers: 1, isComplete: true });
      },
    },
    store: {
      isDownload: (asked) => Promise.resolve(scene.downloads?.includes(asked) === true),
      isFolder: (asked) => Promise.resolve(scene.folders?.includes(asked) === true),
    },
    startupModels: scene.startupModels ?? [],
  });
  await reloader.follow({ name, isGone });
  return asked;
}

Deno.test("ModelReloader replaces every version that came from the changed archive, a URL's by the file that it left", async () => {
  const remote = "https://models.example/a/net.mar?token=x";
  const replaced = { replaces: true, replacedVersion: "1.0", isSynchronous: true };
  deepStrictEqual(
    await follow("net.mar", { registered: ["net.mar", "other.mar", "a/b/net.mar", remote] }),
    [
      { url: "net.mar", modelName: "net.mar", ...replaced },
      { url: "a/b/net.mar", modelName: "a/b/net.mar", ...replaced },
      { url: "net.mar", modelName: remote, ...replaced },
    ],
  );
});

Deno.test.each<{ title: string; name: string; scene: Scene; urls: readonly string[] }>([
  {
    title: "an archive of all",
    name: "net.mar",
    scene: { startupModels: "all" },
    urls: ["net.mar"],
  },
  {
    title: "a folder of all",
    name: "net",
    scene: { startupModels: "all", folders: ["net"] },
    urls: ["net"],
  },
  {
    title: "a named model by its own URL",
    name: "net.mar",
    scene: { startupModels: [{ modelName: "mine", url: "https://models.example/net.mar" }] },
    urls: ["https://models.example/net.mar"],
  },
  { title: "no other file of all", name: "notes.txt", scene: { startupModels: "all" }, urls: [] },
  { title: "nothing that nobody named", name: "net.mar", scene: {}, urls: [] },
  {
    title: "nothing that is being downloaded",
    name: "net.mar",
    scene: { startupModels: "all", downloads: ["net.mar"] },
    urls: [],
  },
])("ModelReloader registers $title when it comes", async ({ name, scene, urls }) => {
  deepStrictEqual((await follow(name, scene)).map(({ url }) => url), urls);
});

Deno.test("ModelReloader leaves models whose archive is gone", async () => {
  deepStrictEqual(await follow("net.mar", { registered: ["net.mar"] }, true), []);
});
