import Module from "node:module";

/** What the runtime's module loader does with a file, by the file's extension. */
type Loaders = Record<string, (module: unknown, path: string) => void>;

/**
 * From here on a native addon of a package is opened from `nativeDir` instead of `packagesDir`. The
 * libraries that it needs lie beside it there, where its own search path finds them; inside a compiled
 * program no loader can.
 *
 * @param packagesDir The folder of packages, as the runtime names it.
 * @param nativeDir The folder that stands for it on the disk.
 */
export function redirectNativeAddons(packagesDir: string, nativeDir: string): void {
  const loaders = (Module as unknown as { readonly _extensions: Loaders })._extensions;
  const open = loaders[".node"];
  loaders[".node"] = (module, path) =>
    open(module, path.startsWith(packagesDir) ? nativeDir + path.slice(packagesDir.length) : path);
}
