import { deepStrictEqual, rejects } from "node:assert/strict";
import { collectFiles } from "../../../archiver/packing/collect_files.ts";
import { TempFolder } from "../../support/temp_folder.ts";

/** One length-delimited protobuf field. */
function field(number: number, ...parts: (Uint8Array | string)[]): Uint8Array {
  const bytes = parts.map((part) =>
    typeof part === "string" ? new TextEncoder().encode(part) : part
  );
  const body = Uint8Array.from(bytes.flatMap((part) => [...part]));
  const length: number[] = [];
  for (let rest = body.length; rest > 0 || length.length === 0; rest >>= 7) {
    length.push(rest > 127 ? rest & 127 | 128 : rest);
  }
  return Uint8Array.from([number << 3 | 2, ...length, ...body]);
}

/** `ModelProto` with a graph whose one initializer lies in another file. */
function toModel(location: string): Uint8Array {
  const external = field(13, field(1, "location"), field(2, location));
  return field(7, field(2, "graph"), field(5, field(8, "w"), external));
}

async function collect(folder: TempFolder, serialized: string, extra?: string) {
  const model = {
    ...{ modelName: "m", handler: "base_handler", version: "1" },
    serializedFile: folder.at(serialized),
    ...(extra === undefined ? {} : { extraFiles: folder.at(extra) }),
  };
  const files = await collectFiles(model, { outputPath: folder.at("m.mar"), onWarning: () => {} });
  return files.map(({ name, path }) => [name, path.slice(folder.path.length + 1)]);
}

Deno.test("collectFiles() packs the external data that lies beside an ONNX model", async () => {
  await using folder = await TempFolder.create();
  await folder.write("in/m.onnx", toModel("weights/m.data"));
  await folder.write("in/weights/m.data");
  deepStrictEqual(await collect(folder, "in/m.onnx"), [
    ["m.onnx", "in/m.onnx"],
    ["weights/m.data", "in/weights/m.data"],
  ]);
});

Deno.test("collectFiles() takes external data from the extra files, if it is there", async () => {
  await using folder = await TempFolder.create();
  await folder.write("in/m.onnx", toModel("m.data"));
  await folder.write("elsewhere/m.data");
  deepStrictEqual(await collect(folder, "in/m.onnx", "elsewhere/m.data"), [
    ["m.data", "elsewhere/m.data"],
    ["m.onnx", "in/m.onnx"],
  ]);
});

Deno.test("collectFiles() refuses an ONNX model whose external data is missing", async () => {
  await using folder = await TempFolder.create();
  const path = await folder.write("m.onnx", toModel("m.data"));
  await rejects(collect(folder, "m.onnx"), {
    name: "ArchiveError",
    code: "onnx_external_data_missing",
    message: `Cannot pack "${path}": it reads weights from "m.data", and ` +
      `"${folder.at("m.data")}" does not exist`,
  });
});

Deno.test.each([
  { location: "../m.data" },
  { location: "/etc/hostname" },
  { location: "C:\\m.data" },
])("collectFiles() refuses an ONNX model that reads $location", async ({ location }) => {
  await using folder = await TempFolder.create();
  await folder.write("m.data");
  await folder.write("in/m.onnx", toModel(location));
  await rejects(collect(folder, "in/m.onnx"), { code: "onnx_external_data_outside" });
});

Deno.test("collectFiles() refuses two models that mean two files by one name", async () => {
  await using folder = await TempFolder.create();
  await folder.write("a/m1.onnx", toModel("m.data"));
  await folder.write("a/m.data");
  await folder.write("b/m2.onnx", toModel("m.data"));
  await folder.write("b/m.data");
  await rejects(collect(folder, "a/m1.onnx", "b/m2.onnx"), {
    code: "input_invalid",
    message: `Cannot pack external data "${folder.at("b/m.data")}": ` +
      `another model's "${folder.at("a/m.data")}" has the same name`,
  });
});

Deno.test("collectFiles() refuses an .onnx file that is none", async () => {
  await using folder = await TempFolder.create();
  await folder.write("m.onnx", "<html>");
  await rejects(collect(folder, "m.onnx"), { code: "onnx_invalid" });
});
