import { generateModelArchive } from "../../archiver/mod.ts";

const REPOSITORY_ROOT = new URL("../../", import.meta.url);

/** One model of a store, as text and paths. */
export interface StoredModel {
  /** `base_handler`, or the text of a module. */
  readonly handler: string;
  /**
   * The module's file, `handler.ts` unless given. A program that is compiled or comes from a URL takes a `.js`
   * that imports nothing as it is; anything else it bundles, a second for each registration.
   */
  readonly handlerFile?: string;
  /** Relative to the repository. */
  readonly serializedFile?: string;
  /** Text of its `model-config.yaml`. */
  readonly config?: string;
  /** Texts of further files by their names. */
  readonly files?: Readonly<Record<string, string>>;
  readonly version?: string;
}

/** A folder of archives for `serve`. */
export interface ModelStoreFolder extends AsyncDisposable {
  readonly dir: string;
  /** Packs one more archive, `name.mar`. */
  add(name: string, model: StoredModel): Promise<void>;
}

/** Packs each model into `NAME.mar`, in a new folder that goes with the object. */
export async function createModelStore(
  models: Readonly<Record<string, StoredModel>>,
): Promise<ModelStoreFolder> {
  const dir = await Deno.makeTempDir({ prefix: "marina-store-" });
  const store: ModelStoreFolder = {
    dir,
    add: (name, model) => packModel(dir, name, model),
    [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }),
  };
  for (const [name, model] of Object.entries(models)) await store.add(name, model);
  return store;
}

async function packModel(storeDir: string, name: string, model: StoredModel): Promise<void> {
  const sources = await Deno.makeTempDir({ prefix: "marina-sources-" });
  try {
    const write = async (fileName: string, text: string): Promise<string> => {
      await Deno.writeTextFile(`${sources}/${fileName}`, text);
      return `${sources}/${fileName}`;
    };
    const isBuiltIn = /^\w+$/.test(model.handler);
    const extraFiles: string[] = [];
    for (const [fileName, text] of Object.entries(model.files ?? {})) {
      extraFiles.push(await write(fileName, text));
    }
    await generateModelArchive({
      modelName: name.replace(/@.*/, ""),
      version: model.version ?? "1.0",
      handler: isBuiltIn
        ? model.handler
        : await write(model.handlerFile ?? "handler.ts", model.handler),
      serializedFile: model.serializedFile === undefined
        ? undefined
        : new URL(model.serializedFile, REPOSITORY_ROOT).pathname,
      configFile: model.config === undefined
        ? undefined
        : await write("model-config.yaml", model.config),
      extraFiles: extraFiles.length === 0 ? undefined : extraFiles.join(","),
      exportPath: sources,
      bundle: false,
    });
    await Deno.rename(`${sources}/${name.replace(/@.*/, "")}.mar`, `${storeDir}/${name}.mar`);
  } finally {
    await Deno.remove(sources, { recursive: true });
  }
}
