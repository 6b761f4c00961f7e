/** TorchServe's form: the scheme in this case alone, any blanks, one token, nothing after it. */
const BEARER_REGEXP = /^Bearer\s+(\S+)$/;

/** The token of an `Authorization` header, `undefined` when there is none in this form. */
export function parseBearerToken(header: string | null | undefined): string | undefined {
  if (header === null || header === undefined) return undefined;
  return BEARER_REGEXP.exec(header)?.[1];
}
