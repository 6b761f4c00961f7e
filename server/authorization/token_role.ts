/** Roles whose keys expire, and are made anew with the key of `API`. */
export type RotatedRole = "management" | "inference";

/** What a key opens; `API` opens nothing but the making of new keys. */
export type TokenRole = RotatedRole | "API";

export function isRotatedRole(text: string | undefined): text is RotatedRole {
  return text === "management" || text === "inference";
}
