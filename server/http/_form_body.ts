import { splitForm } from "../models/mod.ts";

/** True for the two types of body that are forms; their fields are split in the worker. */
export function isFormType(contentType: string): boolean {
  if (contentType === "" || contentType === "application/json") return false;
  const semicolon = contentType.indexOf(";");
  const type = (semicolon === -1 ? contentType : contentType.slice(0, semicolon)).trim();
  const lowerType = type.toLowerCase();
  return lowerType === "multipart/form-data" || lowerType === "application/x-www-form-urlencoded";
}

/** A form's field `model_name`, the last of them; `undefined` if there is none, or the body is no form. */
export function readFormModelName(
  request: Request,
  bytes: Uint8Array<ArrayBuffer>,
): string | undefined {
  const contentType = request.headers.get("content-type") ?? "";
  if (!isFormType(contentType)) return undefined;
  const form = { name: "body", contentType, bytes, isForm: true };
  const field = splitForm(form, () => {}).findLast(({ name }) => name === "model_name");
  return field === undefined ? undefined : new TextDecoder().decode(field.bytes);
}
