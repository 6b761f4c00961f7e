import { Buffer } from "node:buffer";
import { basename, dirname } from "node:path";
import { pathToFileURL } from "node:url";
import { BundleError } from "./bundle_error.ts";
import { type Loader, loadEsbuild, type Message, type OnResolveArgs } from "./_esbuild.ts";
import { MARINA_MODULE_TEXT, MARINA_SPECIFIER } from "./_marina_module.ts";
import type { Resolver } from "./_resolver.ts";
import { FILE_SPACE, SourceModules } from "./source_modules.ts";

/** A handler as one JavaScript module. */
export interface ModuleBundle {
  /** Its text without a source map. */
  readonly code: string;
  readonly sourceMap: SourceMap;
  /** The handler's own files, the handler first; packages are not among them. */
  readonly ownPaths: readonly string[];
}

/** [ECMA-426](https://tc39.es/ecma426/), as far as it is used here. */
export interface SourceMap {
  readonly version: number;
  readonly sources: readonly string[];
  readonly names: readonly string[];
  readonly mappings: string;
}

export interface BundleModuleOptions {
  /** Absolute. */
  readonly path: string;
  /** How errors name the handler: as the user gave it. */
  readonly shownPath: string;
  readonly resolver: Resolver;
  /** What a file of the handler's own is called in the source map. */
  toSourceName(path: string): string;
  /** Keeps `import.meta.url` of each file; else it is the bundle's own. */
  readonly keepsUrls?: boolean;
  /** An `import()` that leads nowhere rejects when it is run, as it does in a runtime; else it is a fault. */
  readonly mayMissDynamicImports?: boolean;
}

const LOADER_BY_ENDING: Readonly<Record<string, Loader>> = {
  ts: "ts",
  mts: "ts",
  cts: "ts",
  tsx: "tsx",
  jsx: "jsx",
  json: "json",
};
const LOADER_BY_TYPE: Readonly<Record<string, Loader>> = {
  json: "json",
  text: "text",
  bytes: "binary",
};
const MARINA_SPACE = "host";
const MISSING_SPACE = "missing";

const NATIVE_CODE = "handler_import_native";

/**
 * Makes one JavaScript module of a handler and all that it imports, but the runtime's own modules.
 *
 * TypeScript loses its types, decorators and enums become JavaScript; nothing is shortened. The text holds no
 * absolute path, so the same files give the same text in any folder.
 *
 * @throws {BundleError} `handler_invalid`, `handler_import_unresolved`, `handler_import_native`; the message
 * gives file and line.
 */
export async function bundleModule(options: BundleModuleOptions): Promise<ModuleBundle> {
  const esbuild = await loadEsbuild();
  const { path: entryPath, resolver, shownPath } = options;
  const entryDir = dirname(entryPath);
  const modules = new SourceModules(resolver, entryDir);
  const unresolved = new Set<string>();

  const resolve = async (args: OnResolveArgs) => {
    const { path: specifier, kind } = args;
    if (kind === "entry-point") return modules.place({ path: entryPath });
    if (specifier === MARINA_SPECIFIER) return { path: specifier, namespace: MARINA_SPACE };
    const found = await modules.resolve(args);
    if (!("fault" in found)) return found;
    if (kind === "dynamic-import" && options.mayMissDynamicImports) {
      return { path: specifier, namespace: MISSING_SPACE, pluginData: found.fault };
    }
    const text = `it imports "${specifier}": ${found.fault}`;
    unresolved.add(text);
    return { errors: [{ text }] };
  };

  const built = await esbuild.build({
    entryPoints: [basename(entryPath)],
    bundle: true,
    write: false,
    outfile: "bundle.js",
    format: "esm",
    platform: "neutral",
    target: "esnext",
    // No engine runs these yet.
    supported: { decorators: false },
    charset: "utf8",
    sourcemap: "external",
    sourcesContent: false,
    logLevel: "silent",
    // The worker may not read the environment.
    define: { "process.env.NODE_ENV": '"production"' },
    tsconfigRaw: { compilerOptions: {} },
    plugins: [{
      name: "marina",
      setup(build) {
        build.onResolve({ filter: /.*/ }, resolve);
        build.onLoad({ filter: /.*/, namespace: MARINA_SPACE }, () => ({
          contents: MARINA_MODULE_TEXT,
          loader: "js",
        }));
        SourceModules.addBuiltins(build);
        build.onLoad({ filter: /.*/, namespace: MISSING_SPACE }, ({ path, pluginData: reason }) => {
          const message = `Cannot import "${path}": ${reason}`;
          return { contents: `throw new TypeError(${JSON.stringify(message)});`, loader: "js" };
        });
        build.onLoad(
          { filter: /.*/, namespace: FILE_SPACE },
          async ({ path: name, with: type }) => {
            const { path, package: owner } = modules.get(name)!;
            const ending = path.slice(path.lastIndexOf(".") + 1).toLowerCase();
            if (ending === "node" || ending === "wasm") {
              const text = `"${name}" is native code, which cannot be bundled`;
              return { errors: [{ text, detail: NATIVE_CODE }] };
            }
            const loader = LOADER_BY_TYPE[type.type ?? ""] ?? LOADER_BY_ENDING[ending] ?? "js";
            const contents = await Deno.readFile(path);
            if (!options.keepsUrls || owner || loader === "json") return { contents, loader };
            const text = new TextDecoder().decode(contents);
            return { contents: fixUrls(text, path), loader };
          },
        );
      },
    }],
  }).catch((error: { readonly errors?: readonly Message[] }) => {
    const [first] = error.errors ?? [];
    if (first === undefined) throw error;
    throw toBundleError(first, { shownPath, unresolved });
  });

  const [mapFile, codeFile] = ["bundle.js.map", "bundle.js"].map((name) =>
    built.outputFiles!.find(({ path }) => path.endsWith(name))!
  );
  const { version, sources, names, mappings } = JSON.parse(mapFile!.text) as SourceMap;
  const own = modules.list().filter((module) => module.package === undefined);
  return {
    code: codeFile!.text,
    sourceMap: {
      version,
      sources: sources.map((source) => {
        const name = source.slice(source.indexOf(":") + 1);
        const module = modules.get(name);
        if (module === undefined) return `marina/${source}`;
        return module.package ? name : options.toSourceName(module.path);
      }),
      names,
      mappings,
    },
    ownPaths: own.map(({ path }) => path),
  };
}

/** A bundle's text with its source map in the last line. */
export function toModuleText(
  { code, sourceMap }: Pick<ModuleBundle, "code" | "sourceMap">,
): string {
  const map = Buffer.from(JSON.stringify(sourceMap)).toString("base64");
  return `${code}//# sourceMappingURL=data:application/json;base64,${map}\n`;
}

/** In text, where esbuild's `define` is one for all files: no handler writes it in a string. */
function fixUrls(text: string, path: string): string {
  return text.replaceAll(/\bimport\.meta\.url\b/g, JSON.stringify(pathToFileURL(path).href))
    .replaceAll(/\bimport\.meta\.dirname\b/g, JSON.stringify(dirname(path)))
    .replaceAll(/\bimport\.meta\.filename\b/g, JSON.stringify(path));
}

function toBundleError(
  { text, location, detail }: Message,
  { shownPath, unresolved }: {
    readonly shownPath: string;
    readonly unresolved: ReadonlySet<string>;
  },
): BundleError {
  const place = location === null ? undefined : {
    file: location.file.slice(location.file.indexOf(":") + 1),
    line: location.line,
  };
  const where = place ? ` (${place.file}, line ${place.line})` : "";
  return new BundleError(
    detail === NATIVE_CODE
      ? NATIVE_CODE
      : unresolved.has(text)
      ? "handler_import_unresolved"
      : "handler_invalid",
    `Cannot bundle handler "${shownPath}": ${text}${where}`,
    place,
  );
}
