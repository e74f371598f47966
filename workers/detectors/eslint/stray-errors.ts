/**
 * Errors that code of the workspace throws outside a call: in a timer, or in a promise that nobody awaits. Node.js
 * would end the process for such an error. They are collected here until a plan or check reports them.
 */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';

const strays: Error[] = [];
let folders: ReadonlySet<string> = new Set();
let listening = false;

/** @param workspace absolute; collects errors from code in it and from installed packages */
export function catchStrayErrors(workspace: string): void {
  folders = new Set([...folders, workspace]);
  // Another listener takes precedence.
  if (listening || !isMainThread || process.listenerCount('uncaughtException') > 0) return;
  listening = true;
  process.on('uncaughtException', (error: unknown) => {
    if (error instanceof Error && isOfWorkspace(error)) {
      strays.push(error);
      return;
    }
    // Behave as Node.js does without a listener.
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  });
}

/** The errors since the last call, without repeats. */
export function takeStrayErrors(): readonly Error[] {
  const taken = new Map(strays.splice(0).map((error) => [error.message, error]));
  return [...taken.values()];
}

/** Decided by the first frame of the stack that is not internal to Node.js. */
function isOfWorkspace({ stack = '' }: Error): boolean {
  const place = /(?:file:\/\/[^\s)]+?|(?:\/|[A-Za-z]:[\\/])[^\n)]+?)(?=\?|:\d+)/.exec(
    stack.slice(stack.indexOf('\n')),
  )?.[0];
  if (place === undefined) return false;
  const file = place.startsWith('file:') ? fileURLToPath(place) : place;
  const isInstalled = file.includes(`${path.sep}node_modules${path.sep}`);
  return isInstalled || [...folders].some((folder) => file.startsWith(folder + path.sep));
}
