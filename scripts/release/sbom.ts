/**
 * What a release is made of, as [CycloneDX 1.6](https://cyclonedx.org/docs/1.6/json/) has it: each package
 * with version, licence, the registry's own digest and what it depends on.
 */

/** One package that goes into an executable. */
export interface SbomPackage {
  readonly name: string;
  readonly version: string;
  /** Of the lock file: `sha512-` and Base64. */
  readonly integrity: string;
  /** As its `package.json` says; absent where that says nothing. */
  readonly licence?: string;
  /** `name@version` of those that it needs. */
  readonly dependencies: readonly string[];
}

/** What {@linkcode createSbom} describes. */
export interface SbomOptions {
  readonly version: string;
  readonly licence: string;
  readonly runtimeVersion: string;
  /** `name@version` of what the program itself imports. */
  readonly direct: readonly string[];
  readonly packages: readonly SbomPackage[];
  readonly createdAtMs: number;
}

/** An identifier of the SPDX list, as against an expression of several. */
const SPDX_ID_REGEXP = /^[A-Za-z0-9][\w.+-]*$/;

const TYPE = { library: "library", application: "application", platform: "platform" } as const;

/** One part of the list; the names are CycloneDX's. */
export interface SbomComponent {
  readonly type: (typeof TYPE)[keyof typeof TYPE];
  readonly "bom-ref": string;
  readonly group?: string;
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly licenses?: readonly (
    | { readonly license: { readonly id: string } }
    | { readonly expression: string }
  )[];
  readonly hashes?: readonly { readonly alg: "SHA-512"; readonly content: string }[];
}

/** The document; the names are CycloneDX's. */
export interface Sbom {
  readonly $schema: string;
  readonly bomFormat: "CycloneDX";
  readonly specVersion: "1.6";
  readonly serialNumber: string;
  readonly version: 1;
  readonly metadata: {
    readonly timestamp: string;
    readonly component: SbomComponent;
  };
  readonly components: readonly SbomComponent[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

/** Same release, same document: its serial number follows from what is in it. */
export async function createSbom(options: SbomOptions): Promise<Sbom> {
  const program: SbomComponent = {
    type: TYPE.application,
    "bom-ref": `marina@${options.version}`,
    name: "marina",
    version: options.version,
    purl: `pkg:generic/marina@${options.version}`,
    licenses: toLicences(options.licence),
  };
  const runtime: SbomComponent = {
    type: TYPE.platform,
    "bom-ref": `deno@${options.runtimeVersion}`,
    name: "deno",
    version: options.runtimeVersion,
    purl: `pkg:github/denoland/deno@v${options.runtimeVersion}`,
    licenses: toLicences("MIT"),
  };
  const packages = [...options.packages].sort((a, b) => (toRef(a) < toRef(b) ? -1 : 1));
  const components = [runtime, ...packages.map(toComponent)];
  const refs = new Set(packages.map(toRef));
  const dependencies = [
    {
      ref: program["bom-ref"],
      dependsOn: [runtime["bom-ref"], ...options.direct.filter((ref) => refs.has(ref))],
    },
    { ref: runtime["bom-ref"], dependsOn: [] },
    ...packages.map((npmPackage) => ({
      ref: toRef(npmPackage),
      dependsOn: npmPackage.dependencies.filter((ref) => refs.has(ref)),
    })),
  ].map(({ ref, dependsOn }) => ({ ref, dependsOn: [...new Set(dependsOn)].sort() }));
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${await toUuid(JSON.stringify([program, components, dependencies]))}`,
    version: 1,
    metadata: { timestamp: new Date(options.createdAtMs).toISOString(), component: program },
    components,
    dependencies,
  };
}

function toComponent(npmPackage: SbomPackage): SbomComponent {
  const { name, version, licence, integrity } = npmPackage;
  const [group, bareName] = name.startsWith("@") ? name.split("/") : [undefined, name];
  return {
    type: TYPE.library,
    "bom-ref": toRef(npmPackage),
    ...(group === undefined ? {} : { group }),
    name: bareName!,
    version,
    purl: `pkg:npm/${name.replace("@", "%40")}@${version}`,
    ...(licence === undefined ? {} : { licenses: toLicences(licence) }),
    hashes: [{ alg: "SHA-512", content: toHex(integrity) }],
  };
}

function toRef({ name, version }: Pick<SbomPackage, "name" | "version">): string {
  return `${name}@${version}`;
}

function toLicences(licence: string): NonNullable<SbomComponent["licenses"]> {
  return [SPDX_ID_REGEXP.test(licence) ? { license: { id: licence } } : { expression: licence }];
}

/** @throws {Error} If the lock file has another digest than SHA-512. */
function toHex(integrity: string): string {
  const base64 = /^sha512-([\w+/]{86}==)$/.exec(integrity)?.[1];
  if (base64 === undefined) {
    throw new Error(
      `Cannot describe a package: its integrity must be SHA-512, found "${integrity}"`,
    );
  }
  return Uint8Array.fromBase64(base64).toHex();
}

/** A UUID of version 8: of one's own making. */
async function toUuid(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  const bytes = new Uint8Array(digest).slice(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toHex().replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
