/**
 * Errors that code of the workspace throws on its own time: in a timer, in a promise that nobody awaits. Node would end
 * the process for one, on whatever file it is at. Kept here until a plan or check can tell of them.
 */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';

const strays: Error[] = [];
let folders: ReadonlySet<string> = new Set();
let listening = false;

/** @param workspace absolute; errors of code in it, or in packages installed above it, are not ours */
export function catchStrayErrors(workspace: string): void {
  folders = new Set([...folders, workspace]);
  // Whoever listens already has other plans.
  if (listening || !isMainThread || process.listenerCount('uncaughtException') > 0) return;
  listening = true;
  process.on('uncaughtException', (error: unknown) => {
    if (error instanceof Error && isOfWorkspace(error)) {
      strays.push(error);
      return;
    }
    // As without a listener.
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  });
}

/** Those that have not been told of, the same error once. */
export function takeStrayErrors(): readonly Error[] {
  const taken = new Map(strays.splice(0).map((error) => [error.message, error]));
  return [...taken.values()];
}

/** By where it was thrown: the first place in its stack that is not Node's own. */
function isOfWorkspace({ stack = '' }: Error): boolean {
  const place = /(?:file:\/\/[^\s)]+?|(?:\/|[A-Za-z]:[\\/])[^\n)]+?)(?=\?|:\d+)/.exec(
    stack.slice(stack.indexOf('\n')),
  )?.[0];
  if (place === undefined) return false;
  const file = place.startsWith('file:') ? fileURLToPath(place) : place;
  const isInstalled = file.includes(`${path.sep}node_modules${path.sep}`);
  return isInstalled || [...folders].some((folder) => file.startsWith(folder + path.sep));
}
