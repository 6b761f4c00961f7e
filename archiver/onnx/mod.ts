/** ONNX files as far as packing, opening and showing them needs: read from their bytes, never run. */

export { type OnnxSummary, type OnnxValue, readOnnxChunks, readOnnxModel } from "./onnx_reader.ts";
