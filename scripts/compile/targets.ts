/** The platforms that a release has a binary for. */

/** A platform by the names that the compiler and npm's packages have for it. */
export interface Target {
  /** Part of the binary's name. */
  readonly name: string;
  /** What `deno compile --target` calls it. */
  readonly triple: string;
  /** As in `process.platform`. */
  readonly platform: "linux" | "darwin" | "win32";
  /** As in `process.arch`. */
  readonly arch: "x64" | "arm64";
}

export const TARGETS: readonly Target[] = [
  { name: "linux-x64", triple: "x86_64-unknown-linux-gnu", platform: "linux", arch: "x64" },
  { name: "linux-arm64", triple: "aarch64-unknown-linux-gnu", platform: "linux", arch: "arm64" },
  { name: "macos-arm64", triple: "aarch64-apple-darwin", platform: "darwin", arch: "arm64" },
  { name: "windows-x64", triple: "x86_64-pc-windows-msvc", platform: "win32", arch: "x64" },
];

/** The target of the given name, or of the machine that this runs on. */
export function findTarget(name: string | undefined): Target {
  const target = TARGETS.find((candidate) =>
    name === undefined ? candidate.triple === Deno.build.target : candidate.name === name
  );
  if (target !== undefined) return target;
  const known = TARGETS.map((candidate) => candidate.name).join(", ");
  throw new Error(
    `Cannot compile for "${name ?? Deno.build.target}": a target must be one of ${known}`,
  );
}

export function toBinaryName({ name, platform }: Target): string {
  return `marina-${name}${platform === "win32" ? ".exe" : ""}`;
}
