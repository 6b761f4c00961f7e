import denoConfig from "../deno.json" with { type: "json" };

/** The version of onnxruntime, as the import map names it: a CUDA provider has to be of the same one. */
export const RUNTIME_VERSION: string = denoConfig.imports["onnxruntime-node"].replace(/^.*@/, "");
