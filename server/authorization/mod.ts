/** Who may ask: the keys of one server, and the file that tells them to its operator. Knows no HTTP. */
export { type OpenTokenAuthorityOptions, TokenAuthority } from "./token_authority.ts";
export { isRotatedRole, type RotatedRole, type TokenRole } from "./token_role.ts";
