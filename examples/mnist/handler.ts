import { BaseHandler, decodeImage, pickRequestValue, PredictionException, softmax } from "marina";
import type { Context, HandlerData, RequestInput, RequestOutput } from "marina";

/** An image of a digit in, `{"digit": 7, "probabilities": [ten numbers]}` out. */
export class DigitHandler extends BaseHandler<(RequestInput | null)[], (RequestOutput | null)[]> {
  override preprocess(data: HandlerData[], context: Context) {
    return this.mapRequests(data, context, async (row) => {
      const image = await decodeImage(pickRequestValue(row), { grey: true });
      if (image.width !== 28 || image.height !== 28) {
        const found = `${image.width} x ${image.height}`;
        throw new PredictionException(
          `Cannot read the digit: expected 28 x 28, found ${found}`,
          400,
        );
      }
      const pixels = Float32Array.from(image.data, (grey) => (grey / 255 - 0.1307) / 0.3081);
      const tensor = { dtype: "float32" as const, shape: [1, 1, 28, 28], data: pixels };
      return { feeds: { image: tensor }, isSingleRow: true };
    });
  }

  override postprocess(output: (RequestOutput | null)[]) {
    return output.map((request) => {
      if (request === null) return null;
      const probabilities = [...softmax(request.outputs.logits!.data as Float32Array)];
      return { digit: probabilities.indexOf(Math.max(...probabilities)), probabilities };
    });
  }
}
