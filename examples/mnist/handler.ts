import {
  BaseHandler,
  decodeImage,
  pickRequestValue,
  PredictionException,
  softmax,
  topK,
} from "marina";
import type { Context, HandlerData, RequestInput, RequestOutput } from "marina";

/** An image of a digit in, `{"digit": 7, "probabilities": [ten numbers]}` out. */
export class DigitHandler extends BaseHandler<(RequestInput | null)[], (RequestOutput | null)[]> {
  override preprocess(data: HandlerData[], context: Context) {
    return this.mapRequests(data, context, async (row) => {
      const file = pickRequestValue(row);
      if (!(file instanceof Uint8Array)) throw new PredictionException("Send an image file", 400);
      const { width, height, data: grey } = await decodeImage(file, { grey: true });
      if (width !== 28 || height !== 28) {
        const found = `found ${width} x ${height}`;
        throw new PredictionException(
          `Cannot read the digit: expected 28 x 28 pixels, ${found}`,
          400,
        );
      }
      const pixels = Float32Array.from(grey, (value) => (value / 255 - 0.1307) / 0.3081);
      const image = { dtype: "float32" as const, shape: [1, 1, 28, 28], data: pixels };
      return { feeds: { image }, isSingleRow: true };
    });
  }

  override postprocess(output: (RequestOutput | null)[]) {
    return output.map((request) => {
      if (request === null) return null;
      const probabilities = softmax(request.outputs.logits!.data as Float32Array);
      return { digit: topK(probabilities, 1)[0]!.index, probabilities: [...probabilities] };
    });
  }
}
