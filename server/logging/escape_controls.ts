/** C0 and C1 controls, the delete key, and what some readers take for a line's end. */
// deno-lint-ignore no-control-regex -- they are what it is for
const CONTROLS_REGEXP = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g;

/** Writes each control character as `\u000a`, so that no text can end its line or colour a terminal. */
export function escapeControls(text: string): string {
  return text.replace(
    CONTROLS_REGEXP,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
