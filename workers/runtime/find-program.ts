/** Finds the program that a command names, as the project has it installed. Executes nothing. Stateless. */
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { entryAt, readTextSync } from '../protocol/read-file.ts';

export interface FoundProgram {
  /** Absolute path. */
  readonly command: string;
  /** Before all other arguments: the script, if Node.js runs it. */
  readonly args: readonly string[];
}

/**
 * @param name a name, or a path with a slash, which is relative to `folder`
 * @param folder absolute
 * @returns undefined: there is no such program
 */
export function findProgram(name: string, folder: string, env = process.env): FoundProgram | undefined {
  if (/[\\/]/.test(name)) return runnable(path.resolve(folder, name));
  if (name === 'node') return { command: process.execPath, args: [] };
  for (let above = folder; ; above = path.dirname(above)) {
    const found = runnable(path.join(above, 'node_modules', '.bin', name));
    if (found) return found;
    if (path.dirname(above) === above) break;
  }
  const folders = (env['PATH'] ?? env['Path'] ?? '').split(path.delimiter).filter((entry) => path.isAbsolute(entry));
  const endings = process.platform === 'win32' ? ['.exe', '.com', ''] : [''];
  for (const entry of folders) {
    for (const ending of endings) {
      const found = runnable(path.join(entry, name + ending));
      if (found) return found;
    }
  }
  return undefined;
}

/** More than a shim of a package manager, and enough of a script to see what runs it. */
const SHIM_BYTES = 1024 * 1024;

/** A script for Node.js runs on this Node.js: an editor that was not started from a terminal finds no other. */
function runnable(file: string): FoundProgram | undefined {
  if (entryAt(file) !== 'file') return undefined;
  let [real, text] = [file, ''];
  try {
    real = realpathSync(file);
    text = readTextSync(real, SHIM_BYTES);
  } catch {
    // Larger than any script, or not to be read: the system decides whether it runs.
  }
  if (/^#!.*\bnode\b/.test(text)) return { command: process.execPath, args: [real] };
  // The shims of npm on Windows, and of pnpm everywhere, name the script relative to themselves.
  const [, script] = /"\$basedir\/([^"$]+\.[cm]?js)"/.exec(text.startsWith('#!') ? text : '') ?? [];
  const target = script === undefined ? undefined : path.resolve(path.dirname(file), script);
  if (target !== undefined && entryAt(target) === 'file') return { command: process.execPath, args: [target] };
  if (/\.[cm]?js$/.test(real)) return { command: process.execPath, args: [real] };
  return { command: real, args: [] };
}
