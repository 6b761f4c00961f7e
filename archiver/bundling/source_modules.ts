import { relative } from "node:path";
import type { OnResolveArgs, OnResolveResult, PluginBuild } from "./_esbuild.ts";
import type { Resolver, SourceModule } from "./_resolver.ts";

/** What esbuild knows the modules of a bundle under; whoever bundles them reads them. */
export const FILE_SPACE = "file-of";
const BUILTIN_SPACE = "runtime";

/** Why an import leads nowhere, in one clause. */
export interface ImportFault {
  readonly fault: string;
}

/** The modules of one bundle, by names that are unique in it and the same on every machine. */
export class SourceModules {
  readonly #resolver: Resolver;
  readonly #rootDir: string;
  readonly #moduleByName = new Map<string, SourceModule>();

  /** @param rootDir What the names of modules outside of packages are relative to. */
  constructor(resolver: Resolver, rootDir: string) {
    this.#resolver = resolver;
    this.#rootDir = rootDir;
  }

  /** Makes a module known, and tells esbuild its name. */
  place(module: SourceModule): OnResolveResult {
    const name = toModuleName(module, this.#rootDir);
    this.#moduleByName.set(name, module);
    const sideEffects = module.package?.manifest.sideEffects !== false;
    return { path: name, namespace: FILE_SPACE, sideEffects };
  }

  get(name: string): SourceModule | undefined {
    return this.#moduleByName.get(name);
  }

  /** All that were imported. */
  list(): SourceModule[] {
    return [...this.#moduleByName.values()];
  }

  /** Where an import of a known module leads. */
  async resolve(
    { path: specifier, importer, kind }: OnResolveArgs,
  ): Promise<OnResolveResult | ImportFault> {
    const isRequire = kind === "require-call" || kind === "require-resolve";
    const from = this.#moduleByName.get(importer)!;
    const found = await this.#resolver.resolve(specifier, from, isRequire);
    switch (found.kind) {
      case "builtin":
        return isRequire
          ? { path: found.specifier, namespace: BUILTIN_SPACE }
          : { path: found.specifier, external: true };
      case "module":
        return this.place(found.module);
      case "fault":
        // A package may ask in a try block for another that it can do without.
        if (isRequire && from.package) return { path: specifier, external: true };
        return { fault: found.reason };
    }
  }

  /** Gives CommonJS the runtime's own modules, which a bundle of modules cannot require. */
  static addBuiltins(build: PluginBuild): void {
    build.onLoad({ filter: /.*/, namespace: BUILTIN_SPACE }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(path)});`,
      loader: "js",
    }));
  }
}

function toModuleName({ path, package: owner }: SourceModule, rootDir: string): string {
  const name = owner
    ? `npm/${owner.manifest.name}@${owner.manifest.version}/${relative(owner.dir, path)}`
    : relative(rootDir, path);
  return name.replaceAll("\\", "/");
}
