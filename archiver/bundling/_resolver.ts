import { dirname, isAbsolute, join } from "node:path";
import { isBuiltin } from "node:module";
import { fileURLToPath } from "node:url";
import { forgetNpmCaches, listNpmCaches, runDeno } from "./_deno_cli.ts";
import {
  findPackage,
  type FoundPackage,
  type PackageRequest,
  parsePackage,
  probeFile,
  resolveInPackage,
  resolveInternal,
} from "./_npm_packages.ts";
import { mapSpecifier, type Project, readProject } from "./_project.ts";

/** A file that goes into a bundle. */
export interface SourceModule {
  readonly path: string;
  /** The package it belongs to; absent for the handler's own files. */
  readonly package?: FoundPackage;
}

/** Where an import leads, or in one clause why it leads nowhere. */
export type Resolution =
  | { readonly kind: "module"; readonly module: SourceModule }
  | { readonly kind: "builtin"; readonly specifier: string }
  | { readonly kind: "fault"; readonly reason: string };

/** Finds the files behind the imports of one handler. */
export interface Resolver {
  resolve(specifier: string, importer: SourceModule, isRequire: boolean): Promise<Resolution>;
}

/**
 * A resolver for packing: relative files, the project's import map, `node_modules` and Deno's npm cache, which it
 * fills through the command line where a package is missing.
 *
 * @param findByName Finds a file of the archive where no file on disk has the path that an import names.
 */
export async function createPackingResolver(
  handlerDir: string,
  findByName: (path: string) => string | undefined,
): Promise<Resolver> {
  const project = await readProject(handlerDir);
  return {
    async resolve(specifier, importer, isRequire) {
      const target = importer.package ? specifier : mapSpecifier(specifier, project);
      if (isBuiltin(target)) return { kind: "builtin", specifier: toBuiltin(target) };
      const path = toPath(target, importer);
      if (path !== undefined) {
        const found = importer.package ? await probeFile(path) : await pickFile(path, findByName);
        if (found !== undefined) return { kind: "module", module: { ...importer, path: found } };
        return { kind: "fault", reason: "the file does not exist" };
      }
      return await resolvePackageImport(target, importer, isRequire, project);
    },
  };
}

/** A resolver for a model's folder: the handler's own files and nothing else. */
export function createFolderResolver(modelDir: string): Resolver {
  return {
    async resolve(specifier, importer) {
      if (isBuiltin(specifier)) return { kind: "builtin", specifier: toBuiltin(specifier) };
      const path = /^\.{1,2}\//.test(specifier)
        ? join(dirname(importer.path), specifier)
        : undefined;
      if (path === undefined || !path.startsWith(join(modelDir, "/"))) {
        return {
          kind: "fault",
          reason: "an archive must hold all that it imports, pack it with marina archive",
        };
      }
      const found = await pickFile(path, () => undefined);
      if (found === undefined) return { kind: "fault", reason: "the archive has no such file" };
      return { kind: "module", module: { path: found } };
    },
  };
}

async function resolvePackageImport(
  specifier: string,
  importer: SourceModule,
  isRequire: boolean,
  project: Project,
): Promise<Resolution> {
  if (importer.package && specifier.startsWith("#")) {
    const target = resolveInternal(importer.package, specifier, isRequire);
    if (target?.startsWith("./")) {
      const path = await probeFile(join(importer.package.dir, target));
      if (path !== undefined) return { kind: "module", module: { ...importer, path } };
    } else if (target !== undefined) {
      return await resolvePackageImport(target, importer, isRequire, project);
    }
    return { kind: "fault", reason: "its package.json does not say what it is" };
  }
  const asked = parsePackage(specifier);
  if (asked === undefined) {
    return {
      kind: "fault",
      reason: "only files and npm packages can be bundled, save it beside the handler",
    };
  }
  if (!importer.package && !specifier.startsWith("npm:")) {
    const found = await findPackage(asked, dirname(importer.path), project, []);
    if (found === undefined) {
      return {
        kind: "fault",
        reason: `no deno.json or package.json says what it is, write "npm:${asked.name}" or add it`,
      };
    }
    return await enterPackage(found, asked, isRequire);
  }
  const wanted = { ...asked, range: rangeOf(asked, importer) };
  const found = await fetchPackage(wanted, dirname(importer.path), project);
  return "reason" in found
    ? { kind: "fault", ...found }
    : await enterPackage(found, asked, isRequire);
}

async function enterPackage(
  found: FoundPackage,
  { subpath }: PackageRequest,
  isRequire: boolean,
): Promise<Resolution> {
  const { name, version } = found.manifest;
  const path = await resolveInPackage(found, subpath, isRequire);
  if (path !== undefined) return { kind: "module", module: { path, package: found } };
  return { kind: "fault", reason: `package ${name} ${version} has no file for "${subpath}"` };
}

async function fetchPackage(
  wanted: PackageRequest,
  fromDir: string,
  project: Project,
): Promise<FoundPackage | { readonly reason: string }> {
  const find = async () => await findPackage(wanted, fromDir, project, await listNpmCaches());
  const found = await find();
  if (found !== undefined) return found;
  const { name, range } = wanted;
  const outcome = await runDeno(["cache", "--quiet", "--no-config", `npm:${name}@${range}`]);
  forgetNpmCaches();
  const fetched = outcome?.code === 0 ? await find() : undefined;
  if (fetched !== undefined) return fetched;
  const said = outcome?.stderr.trim().split("\n")[0]?.replace(/^error: /, "");
  return {
    reason: `npm package ${name}@${range} is not in a node_modules folder beside it` +
      (outcome === undefined ? "" : " and could not be fetched") +
      (said ? ` (${said})` : "") + `, install it with npm install ${name}@${range}`,
  };
}

/** What the importing package says about its dependency; a handler's own import says it itself. */
function rangeOf({ name, range }: PackageRequest, { package: owner }: SourceModule): string {
  if (owner === undefined) return range;
  const { dependencies, optionalDependencies, peerDependencies } = owner.manifest;
  return dependencies?.[name] ?? optionalDependencies?.[name] ?? peerDependencies?.[name] ?? range;
}

/** The path of a file that an import names by its place; undefined for a package or an address. */
function toPath(specifier: string, importer: SourceModule): string | undefined {
  if (/^\.{1,2}(\/|$)/.test(specifier)) return join(dirname(importer.path), specifier);
  if (specifier.startsWith("file:")) return fileURLToPath(specifier);
  return isAbsolute(specifier) ? specifier : undefined;
}

/** The file itself: what the runtime takes without bundling, no more. */
async function pickFile(
  path: string,
  findByName: (path: string) => string | undefined,
): Promise<string | undefined> {
  if ((await Deno.stat(path).catch(() => undefined))?.isFile) return path;
  return findByName(path);
}

function toBuiltin(specifier: string): string {
  return specifier.startsWith("node:") ? specifier : `node:${specifier}`;
}
