/** How an agent starts `bulkhead hook`. */

/** The variable that has the agent's folder; empty: hooks run in it. */
export type HookPlace = '' | '$CLAUDE_PROJECT_DIR' | '$GEMINI_PROJECT_DIR';

/** Where a folder has Bulkhead, if it is installed there. */
export const localProgram = 'node_modules/bulkhead/bin/bulkhead.cjs';

/** npx takes longer than the answer. */
export function commandOf(place: HookPlace, isLocal: boolean): string {
  if (!isLocal) return 'npx bulkhead hook';
  return place === '' ? `node ${localProgram} hook` : `node "${place}"/${localProgram} hook`;
}

export function isOurCommand(command: unknown): boolean {
  return typeof command === 'string' && /\bbulkhead(?:\.cjs)?"? hook$/.test(command.trim());
}
