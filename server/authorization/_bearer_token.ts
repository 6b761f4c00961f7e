const SCHEME = "Bearer";
const BLANK = 32;
const TAB = 9;

/**
 * Where the token of an `Authorization` header begins, in TorchServe's form: the scheme in this case alone,
 * any blanks, then the token to the end.
 *
 * @returns −1 when there is none in this form.
 */
export function findBearerToken(header: string): number {
  if (!header.startsWith(SCHEME)) return -1;
  let start = SCHEME.length;
  while (isBlank(header.charCodeAt(start))) start++;
  return start === SCHEME.length ? -1 : start;
}

function isBlank(code: number): boolean {
  return code === BLANK || code === TAB;
}
