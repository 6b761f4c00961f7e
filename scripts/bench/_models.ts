/** The two models of the bench and the bodies that ask them. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const MODELS_DIR = fileURLToPath(new URL("../../tests/testdata/bench/", import.meta.url));

export interface BenchModel {
  readonly name: "mlp" | "conv";
  readonly path: string;
  /** Of one row, without the batch axis. */
  readonly rowShape: readonly number[];
}

export const BENCH_MODELS: readonly BenchModel[] = [
  { name: "mlp", path: join(MODELS_DIR, "mlp.onnx"), rowShape: [64] },
  { name: "conv", path: join(MODELS_DIR, "conv.onnx"), rowShape: [3, 64, 64] },
];

export interface BenchBody {
  readonly name: "JSON" | "raw float32";
  readonly contentType: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** One row as JSON with four decimals, and as little-endian float32: the same numbers. */
export function createBodies(model: BenchModel): readonly BenchBody[] {
  const count = model.rowShape.reduce((product, size) => product * size, 1);
  const row = Float32Array.from({ length: count }, (_, i) => Number(Math.sin(i + 1).toFixed(4)));
  const texts = Array.from(row, (value) => value.toFixed(4));
  return [
    {
      name: "JSON",
      contentType: "application/json",
      bytes: new TextEncoder().encode(toNestedText(texts, model.rowShape)),
    },
    {
      name: "raw float32",
      contentType: "application/octet-stream",
      bytes: new Uint8Array(row.buffer),
    },
  ];
}

function toNestedText(texts: readonly string[], shape: readonly number[]): string {
  let level = texts;
  for (const size of [...shape].reverse()) {
    level = Array.from(
      { length: level.length / size },
      (_, i) => `[${level.slice(i * size, (i + 1) * size).join(",")}]`,
    );
  }
  return level[0]!;
}
