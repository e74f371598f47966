/**
 * Code that V8 compiled once, kept on disk for the next process: to compile the checkers and linters costs a start of a
 * worker up to a third of its time. The entries load this module before the rest. Stateless.
 */
import { existsSync, lstatSync, readdirSync, rmSync } from 'node:fs';
import * as nodeModule from 'node:module';
import path from 'node:path';
import { makeDirectory } from '../make-directory.ts';
import { isForeign } from '../ownership.ts';
import { baseDir } from './location.ts';

/** Of one version of Node.js. Nothing else forgets what belongs to packages that are gone; this is about 100 MB. */
const MOST_FILES = 5_000;

/** The variable by which Node.js finds the folder. Workers inherit it; those in a sandbox do not, because they could write there. */
const variable = 'NODE_COMPILE_CACHE';

/**
 * Uses compiled code in this process and in those it starts. A folder that the user has chosen, with the variable of
 * Node.js, is left alone, and so is the user's wish for none.
 * @param folder default: in the user's cache folder, which others cannot write, unlike that of temporary files
 */
export function useCompiledCode(folder: string = path.join(baseDir(), 'compiled')): void {
  if (process.env[variable] !== undefined || process.env['NODE_DISABLE_COMPILE_CACHE'] !== undefined) return;
  try {
    const around = path.dirname(folder);
    if (existsSync(around) && isForeign(around)) return;
    makeDirectory(folder, 0o700);
    if (!isClosed(folder)) return;
    for (const name of readdirSync(folder)) {
      const ofVersion = path.join(folder, name);
      if (readdirSync(ofVersion).length > MOST_FILES) rmSync(ofVersion, { recursive: true, force: true });
    }
    nodeModule.enableCompileCache(folder);
    process.env[variable] = folder;
  } catch {
    // A folder that cannot be used, or a Node.js that is too old to know of this: it takes longer.
  }
}

/** Whoever can write there decides which code runs. */
function isClosed(folder: string): boolean {
  if (process.platform === 'win32') return true;
  const { uid, mode } = lstatSync(folder);
  return uid === process.getuid?.() && (mode & 0o077) === 0;
}
