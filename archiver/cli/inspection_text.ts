import { stringify } from "yaml";
import type { ScannedFile, VerifyReport } from "../reading/mod.ts";
import type { Inspection } from "./inspect_archive.ts";
import type { OnnxSummary, OnnxValue } from "../onnx/mod.ts";

const KIND_TEXT_BY_KIND = { zip: "zip", tgz: "gzipped tar", folder: "folder" } as const;

/** One JSON document, for programs; its keys are stable. */
export function toInspectionJson(inspection: Inspection): string {
  const { path, kind, manifest, files, config, verification, fault } = inspection;
  const { files: digests, ...shown } = manifest;
  return JSON.stringify(
    {
      archive: { path, kind },
      manifest: shown,
      hasDigests: digests !== undefined,
      files: files.map(({ path, size, sha256, onnx }) => ({ path, size, sha256, onnx })),
      config,
      verification,
      fault: fault && { code: fault.code, message: fault.message },
    },
    null,
    2,
  ) + "\n";
}

/** A few tables, for people. */
export function toInspectionText(inspection: Inspection): string {
  const { manifest, files, verification } = inspection;
  const { model } = manifest;
  const head: [string, string | undefined][] = [
    ["Archive", `${inspection.path} (${KIND_TEXT_BY_KIND[inspection.kind]})`],
    ["Model", model.modelName],
    ["Version", model.modelVersion],
    ["Description", model.description],
    ["Runtime", manifest.runtime],
    ["Handler", model.handler],
    ["Bundled from", model.handlerSource],
    ["Serialized file", model.serializedFile],
    ["Model file", model.modelFile],
    ["Config file", model.configFile],
    ["Requirements file", model.requirementsFile],
    ["Created on", manifest.createdOn],
    ["Archiver version", manifest.archiverVersion],
    ["Digests", manifest.files ? `of ${manifest.files.size} files` : "none"],
  ];
  const rows = head.filter((row): row is [string, string] => row[1] !== undefined);
  const sections = [
    toColumns(rows),
    toFileTable(files),
    ...files.filter((file) => file.onnx).map((file) => toModelText(file.path, file.onnx!)),
    ...("config" in inspection ? [toConfigText(inspection.config)] : []),
    ...(verification ? [toVerificationText(verification)] : []),
  ];
  return toPrintable(sections.join("\n"));
}

function toFileTable(files: readonly ScannedFile[]): string {
  const total = files.reduce((sum, file) => sum + file.size, 0);
  const width = total.toLocaleString("en").length;
  const lines = files.map(({ path, size, sha256 }) =>
    `  ${size.toLocaleString("en").padStart(width)}  ${sha256}  ${path}\n`
  );
  return `Files: ${files.length}, ${total.toLocaleString("en")} bytes\n${lines.join("")}`;
}

function toModelText(path: string, onnx: OnnxSummary): string {
  const opsets = onnx.opsets.map(({ domain, version }) => `${domain || "ai.onnx"} ${version}`);
  const producer = `${onnx.producerName} ${onnx.producerVersion}`.trim();
  const head = [`IR ${onnx.irVersion}`, `opsets ${opsets.join(", ")}`, producer].filter(Boolean);
  const values = [
    ...onnx.inputs.map((value) => ["  input", value.name, toTypeText(value)]),
    ...onnx.outputs.map((value) => ["  output", value.name, toTypeText(value)]),
    ...onnx.externalFiles.map((file) => ["  weights", file]),
    ...onnx.metadata.map(({ key, value }) => ["  metadata", key, value.split("\n", 1)[0]!]),
  ];
  return `ONNX model ${path}: ${head.join("; ")}\n${toColumns(values)}`;
}

function toTypeText({ dtype, shape }: OnnxValue): string {
  return shape ? `${dtype} [${shape.map((size) => size === "" ? "?" : size).join(", ")}]` : dtype;
}

function toConfigText(config: unknown): string {
  const text = stringify(config, { aliasDuplicateObjects: false });
  return `Config\n${text.replace(/^(?=.)/gm, "  ")}`;
}

function toVerificationText(report: VerifyReport): string {
  const lines = [
    ...report.changed.map(({ path, expected, found }) =>
      `  changed  ${path}: expected ${expected.sha256} (${expected.size} bytes), ` +
      `found ${found.sha256} (${found.size} bytes)\n`
    ),
    ...report.missing.map((path) => `  missing  ${path}\n`),
    ...report.extra.map((path) => `  extra    ${path}\n`),
  ];
  const verdict = !report.hasDigests
    ? "not proven, the manifest holds no digests"
    : report.isProven
    ? `all ${report.provenCount} files are as the manifest says`
    : `${report.provenCount} files are as the manifest says, ${lines.length} are not`;
  return `Verification: ${verdict}\n${lines.join("")}`;
}

/** All columns but the last are as wide as their widest cell. */
function toColumns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => widths[i] = Math.max(widths[i] ?? 0, cell.length));
  }
  return rows.map((row) =>
    row.map((cell, i) => i < row.length - 1 ? cell.padEnd(widths[i]!) : cell).join("  ") + "\n"
  ).join("");
}

/** An archive's texts must not steer the terminal. */
function toPrintable(text: string): string {
  return text.replace(
    // deno-lint-ignore no-control-regex -- it is these that must not get through
    /[\0-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
