/** The environment that workers inherit. */

/**
 * Some shared ESLint configurations disable rules in an editor, which they detect by environment variables. Results must
 * not depend on where Bulkhead runs.
 */
export function forgetEditor(): void {
  for (const name of Object.keys(process.env)) if (name.startsWith('VSCODE_')) delete process.env[name];
}
