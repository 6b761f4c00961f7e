/** A network of ResNet-50's size with random weights: what a card is measured with, without a download. */
import { field, message, type ProtoField, valueInfo } from "../../tests/support/onnx_builder.ts";
import { createRandom } from "../../tests/support/random.ts";

export interface ResnetOptions {
  /** Channels of the first stage: 64 is ResNet-50, 25.6 million weights and 4.1 billion multiplications. */
  readonly width: number;
  /** Pixels of one side of the picture: 224 is ResNet-50's. */
  readonly side: number;
}

const FLOAT = 1;
const CLASSES = 1000;
/** Blocks of each stage, as in [the paper](https://arxiv.org/abs/1512.03385), table 1. */
const STAGES = [3, 4, 6, 3];
const EXPANSION = 4;
/** Of the last convolution of a block: sums of many blocks stay in the range of one. */
const RESIDUAL_SCALE = 0.2;

/**
 * Builds the network as ONNX (opset 17): `x`, float32 `[batch, 3, side, side]`, to `y`, float32
 * `[batch, 1000]`. Batch normalization is folded into the convolutions, as exporters do it. The same options
 * give the same bytes.
 */
export function createResnet({ width, side }: ResnetOptions): Uint8Array<ArrayBuffer> {
  const builder = new GraphBuilder();
  let value = builder.convolve("x", { from: 3, to: width, kernel: 7, stride: 2, activates: true });
  value = builder.add("MaxPool", [value], [
    ints("kernel_shape", [3, 3]),
    ints("strides", [2, 2]),
    ints("pads", [1, 1, 1, 1]),
  ]);
  let channels = width;
  STAGES.forEach((blocks, stage) => {
    const inner = width * 2 ** stage;
    for (let block = 0; block < blocks; block++) {
      const stride = stage > 0 && block === 0 ? 2 : 1;
      const to = inner * EXPANSION;
      const activates = true;
      let branch = builder.convolve(value, { from: channels, to: inner, kernel: 1, activates });
      branch = builder.convolve(branch, { from: inner, to: inner, kernel: 3, stride, activates });
      branch = builder.convolve(branch, { from: inner, to, kernel: 1, scale: RESIDUAL_SCALE });
      const around = channels === to && stride === 1
        ? value
        : builder.convolve(value, { from: channels, to, kernel: 1, stride });
      value = builder.add("Relu", [builder.add("Add", [branch, around])]);
      channels = to;
    }
  });
  value = builder.add("Flatten", [builder.add("GlobalAveragePool", [value])]);
  const weight = builder.createWeight([channels, CLASSES], Math.sqrt(1 / channels));
  const bias = builder.createWeight([CLASSES], 0.1);
  builder.add("Gemm", [value, weight, bias], [], "y");
  return message(
    field(1, 8),
    field(2, "marina gpu-check"),
    field(7, [
      ...builder.nodes,
      field(2, "resnet"),
      ...builder.weights,
      valueInfo(11, "x", FLOAT, ["batch", 3, side, side]),
      valueInfo(12, "y", FLOAT, ["batch", CLASSES]),
    ]),
    field(8, [field(1, ""), field(2, 17)]),
  );
}

interface Convolution {
  readonly from: number;
  readonly to: number;
  readonly kernel: number;
  readonly stride?: number;
  /** Whether a Relu follows. */
  readonly activates?: boolean;
  readonly scale?: number;
}

class GraphBuilder {
  readonly nodes: ProtoField[] = [];
  readonly weights: ProtoField[] = [];
  readonly #random = createRandom(50);
  #count = 0;

  /** Answers the name of the node's output. */
  add(
    operator: string,
    inputs: readonly string[],
    attributes: readonly ProtoField[] = [],
    output = `v${this.#count++}`,
  ): string {
    this.nodes.push(field(1, [
      ...inputs.map((name) => field(1, name)),
      field(2, output),
      field(4, operator),
      ...attributes,
    ]));
    return output;
  }

  convolve(input: string, convolution: Convolution): string {
    const { from, to, kernel, stride = 1, activates = false, scale = 1 } = convolution;
    // He's initialization: a layer's values have the variance of those before it.
    const deviation = scale * Math.sqrt(2 / (from * kernel * kernel));
    const weight = this.createWeight([to, from, kernel, kernel], deviation);
    const bias = this.createWeight([to], 0.01);
    const pad = (kernel - 1) / 2;
    const output = this.add("Conv", [input, weight, bias], [
      ints("kernel_shape", [kernel, kernel]),
      ints("strides", [stride, stride]),
      ints("pads", [pad, pad, pad, pad]),
    ]);
    return activates ? this.add("Relu", [output]) : output;
  }

  /** Even between ±√3 deviations, which has that deviation. */
  createWeight(shape: readonly number[], deviation: number): string {
    const name = `w${this.#count++}`;
    const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
    const range = 2 * Math.sqrt(3) * deviation;
    for (let index = 0; index < data.length; index++) {
      data[index] = (this.#random() - 0.5) * range;
    }
    this.weights.push(field(5, [
      ...shape.map((size) => field(1, size)),
      field(2, FLOAT),
      field(8, name),
      field(9, new Uint8Array(data.buffer)),
    ]));
    return name;
  }
}

function ints(name: string, values: readonly number[]): ProtoField {
  return field(5, [field(1, name), ...values.map((value) => field(8, value)), field(20, 7)]);
}
