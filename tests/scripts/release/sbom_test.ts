import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { Ajv } from "ajv";
import bomSchema from "../../testdata/cyclonedx/bom-1.6.schema.json" with { type: "json" };
import jsfSchema from "../../testdata/cyclonedx/jsf-0.82.schema.json" with { type: "json" };
import spdxSchema from "../../testdata/cyclonedx/spdx.schema.json" with { type: "json" };
import {
  ENTRY_MODULES,
  readModuleGraph,
  readNpmCacheDir,
} from "../../../scripts/compile/compiler.ts";
import { findTarget, TARGETS } from "../../../scripts/compile/targets.ts";
import { createSbom, type Sbom, type SbomOptions } from "../../../scripts/release/sbom.ts";
import { listShippedPackages } from "../../../scripts/release/shipped_packages.ts";

const DIGEST = Uint8Array.from({ length: 64 }, (_, index) => index);
const INTEGRITY = `sha512-${DIGEST.toBase64()}`;

const OPTIONS: SbomOptions = {
  version: "1.2.3",
  licence: "Apache-2.0",
  runtimeVersion: "2.6.10",
  direct: ["@scope/a@1.0.0", "gone@1.0.0"],
  packages: [
    {
      name: "b",
      version: "2.0.0",
      integrity: INTEGRITY,
      licence: "(MIT OR CC0-1.0)",
      dependencies: [],
    },
    {
      name: "@scope/a",
      version: "1.0.0",
      integrity: INTEGRITY,
      licence: "MIT",
      dependencies: ["b@2.0.0", "gone@1.0.0"],
    },
  ],
  createdAtMs: 0,
};

/** CycloneDX's own schemas; formats of texts are left to the patterns below. */
const ajv = new Ajv({ strict: false, validateFormats: false, schemas: [spdxSchema, jsfSchema] });
const hasBomForm = ajv.compile(bomSchema);

/** The official schema, and what it cannot say: that references lead somewhere, and how names are written. */
function assertCycloneDx(sbom: Sbom): void {
  hasBomForm(sbom);
  deepStrictEqual(hasBomForm.errors, null);
  strictEqual(sbom.bomFormat, "CycloneDX");
  strictEqual(sbom.specVersion, "1.6");
  strictEqual(sbom.version, 1);
  match(
    sbom.serialNumber,
    /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
  );
  match(sbom.metadata.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  const refs = new Set<string>();
  for (const component of [sbom.metadata.component, ...sbom.components]) {
    ok(["application", "library", "platform"].includes(component.type));
    ok(component.name.length > 0 && component.version.length > 0);
    ok(!refs.has(component["bom-ref"]), component["bom-ref"]);
    refs.add(component["bom-ref"]);
    match(component.purl, /^pkg:[a-z]+\/(?:[\w.%-]+\/)?[\w.-]+@[\w.+-]+$/);
    for (const { alg, content } of component.hashes ?? []) {
      strictEqual(alg, "SHA-512");
      match(content, /^[0-9a-f]{128}$/);
    }
    for (const licence of component.licenses ?? []) {
      strictEqual("license" in licence !== "expression" in licence, true);
    }
  }
  strictEqual(new Set(sbom.dependencies.map(({ ref }) => ref)).size, sbom.dependencies.length);
  for (const { ref, dependsOn } of sbom.dependencies) {
    for (const name of [ref, ...dependsOn]) ok(refs.has(name), name);
    strictEqual(new Set(dependsOn).size, dependsOn.length);
  }
}

Deno.test("createSbom() gives each package its licence, digest, purl and dependencies", async () => {
  const sbom = await createSbom(OPTIONS);
  assertCycloneDx(sbom);
  deepStrictEqual(sbom.components[1], {
    type: "library",
    "bom-ref": "@scope/a@1.0.0",
    group: "@scope",
    name: "a",
    version: "1.0.0",
    purl: "pkg:npm/%40scope/a@1.0.0",
    licenses: [{ license: { id: "MIT" } }],
    hashes: [{ alg: "SHA-512", content: DIGEST.toHex() }],
  });
  deepStrictEqual(sbom.components[2]!.licenses, [{ expression: "(MIT OR CC0-1.0)" }]);
  deepStrictEqual(sbom.dependencies, [
    { ref: "marina@1.2.3", dependsOn: ["@scope/a@1.0.0", "deno@2.6.10"] },
    { ref: "deno@2.6.10", dependsOn: [] },
    { ref: "@scope/a@1.0.0", dependsOn: ["b@2.0.0"] },
    { ref: "b@2.0.0", dependsOn: [] },
  ]);
});

Deno.test("createSbom() gives the same release the same serial number, and another one another", async () => {
  const serialOf = async (changes: Partial<SbomOptions>) =>
    (await createSbom({ ...OPTIONS, ...changes })).serialNumber;
  const packages = [...OPTIONS.packages].reverse();
  strictEqual(await serialOf({ createdAtMs: 5, packages }), await serialOf({}));
  ok(await serialOf({ version: "1.2.4" }) !== await serialOf({}));
});

Deno.test("createSbom() refuses a package whose digest is not SHA-512", async () => {
  const [first] = OPTIONS.packages;
  await rejects(
    createSbom({ ...OPTIONS, packages: [{ ...first!, integrity: "sha1-abc" }] }),
    /its integrity must be SHA-512, found "sha1-abc"$/,
  );
});

Deno.test("listShippedPackages() finds licence and digest of what goes into this machine's executable", async () => {
  const graph = await readModuleGraph(ENTRY_MODULES);
  const lock = JSON.parse(await Deno.readTextFile("deno.lock"));
  const npmCacheDir = await readNpmCacheDir();
  const target = TARGETS.find(({ triple }) => triple === Deno.build.target) ??
    findTarget("linux-x64");
  const { packages, direct } = await listShippedPackages(graph, lock, [target], npmCacheDir);
  const names = packages.map(({ name }) => name);
  for (const name of ["onnxruntime-node", "sharp", "hono", "esbuild-wasm"]) {
    ok(names.includes(name), name);
    ok(direct.some((ref) => ref.startsWith(`${name}@`)), name);
  }
  for (const name of ["typescript", "fast-check", "@types/node"]) ok(!names.includes(name), name);
  deepStrictEqual(packages.filter(({ licence }) => licence === undefined), []);
  assertCycloneDx(await createSbom({ ...OPTIONS, packages, direct }));
});

Deno.test("listShippedPackages() finds a package that the lock file names together with its peers", async () => {
  const packageOf = (name: string, version: string, dependencies: readonly string[]) => ({
    name,
    version,
    dependencies,
  });
  const graph = {
    modules: [{ npmPackage: "a@1.0.0_b@2.0.0" }],
    npmPackages: {
      "a@1.0.0_b@2.0.0": packageOf("a", "1.0.0", ["b@2.0.0"]),
      "b@2.0.0": packageOf("b", "2.0.0", []),
    },
  };
  const lock = {
    npm: { "a@1.0.0_b@2.0.0": { integrity: "sha512-a" }, "b@2.0.0": { integrity: "sha512-b" } },
  };
  const target = findTarget("linux-x64");
  deepStrictEqual(await listShippedPackages(graph, lock, [target], "/nowhere"), {
    packages: [
      { name: "a", version: "1.0.0", integrity: "sha512-a", dependencies: ["b@2.0.0"] },
      { name: "b", version: "2.0.0", integrity: "sha512-b", dependencies: [] },
    ],
    direct: ["a@1.0.0"],
  });
});
