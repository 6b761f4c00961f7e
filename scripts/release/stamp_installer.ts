const BASE_URL_REGEXP = /^DEFAULT_BASE_URL=.*$/m;
const SAFE_URL_REGEXP = /^(https?:\/\/[\w.:/~%-]+)?$/;

/**
 * `install.sh` with the address of the release that it belongs to.
 *
 * @param baseUrl An empty text leaves the script without one: it then asks for `MARINA_BASE_URL`.
 * @throws {Error} If the script has no place for it, or the address could be more than one word of a shell.
 */
export function stampInstaller(script: string, baseUrl: string): string {
  if (!SAFE_URL_REGEXP.test(baseUrl)) {
    throw new Error(
      `Cannot put "${baseUrl}" into install.sh: it must be a plain http or https URL`,
    );
  }
  if (!BASE_URL_REGEXP.test(script)) {
    throw new Error(
      'Cannot put an address into install.sh: it must have a line "DEFAULT_BASE_URL="',
    );
  }
  return script.replace(BASE_URL_REGEXP, () => `DEFAULT_BASE_URL=${baseUrl}`);
}
