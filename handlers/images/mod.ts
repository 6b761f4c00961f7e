/** Pictures for handlers: files to pixels, pixels to tensors. */

export { decodeImage, loadImageDecoder, MAX_IMAGE_PIXELS } from "./decode_image.ts";
export type { DecodeImageOptions } from "./decode_image.ts";
export { centerCrop } from "./center_crop.ts";
export type { Image } from "./image.ts";
export { toImageTensor } from "./image_tensor.ts";
export type { ImageTensorOptions } from "./image_tensor.ts";
export { resizeBilinear } from "./resize_bilinear.ts";
export type { ImageSize } from "./resize_bilinear.ts";
