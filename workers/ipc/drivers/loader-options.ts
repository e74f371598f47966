/**
 * The options of the host's Node that decide how modules are found and loaded: a worker in another process gets them
 * too, as a thread does, or its TypeScript, its aliases or its source maps would not work there. What debugs, profiles
 * or watches the host is not for its workers.
 */
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

/** Followed by a module. */
const MODULES = new Set(['--import', '--require', '-r', '--loader', '--experimental-loader']);
const VALUES = new Set(['--conditions', '-C']);
const FLAGS = new Set([
  '--enable-source-maps',
  '--experimental-strip-types',
  '--no-experimental-strip-types',
  '--experimental-transform-types',
  '--preserve-symlinks',
  '--preserve-symlinks-main',
]);

/** Node took relative names from here; the program may be elsewhere by now. Undefined when the directory is gone. */
const startedIn = currentDirectory();

function currentDirectory(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}

/**
 * @param execArgv of the host
 * @param base the directory it was started in
 * @param cwd the worker's working directory, if it has one of its own
 */
export function loaderOptions(
  execArgv: readonly string[] = process.execArgv,
  base: string | undefined = startedIn,
  cwd?: string,
): string[] {
  const found: string[] = [];
  for (let index = 0; index < execArgv.length; index += 1) {
    const argument = execArgv[index] ?? '';
    const equals = argument.startsWith('--') ? argument.indexOf('=') : -1;
    const name = equals < 0 ? argument : argument.slice(0, equals);
    if (FLAGS.has(name)) found.push(argument);
    if (!MODULES.has(name) && !VALUES.has(name)) continue;
    if (equals < 0) index += 1;
    const value = equals < 0 ? execArgv[index] : argument.slice(equals + 1);
    if (value === undefined) continue;
    found.push(name, MODULES.has(name) ? located(value, name, base, cwd) : value);
  }
  return found;
}

/** The module as the worker finds it too, in another working directory. */
function located(name: string, option: string, base: string | undefined, cwd: string | undefined): string {
  if (base === undefined) return name;
  let file: string | undefined;
  if (/^\.\.?[\\/]/.test(name)) file = path.resolve(base, name);
  // In the same directory Node finds a package by itself, and better: by the conditions of `import`.
  else if (cwd !== undefined && !path.isAbsolute(name) && !/^[a-z]+:/i.test(name)) file = packageFile(name, base);
  if (file === undefined) return name;
  return option === '--require' || option === '-r' ? file : pathToFileURL(file).href;
}

function packageFile(name: string, base: string): string | undefined {
  try {
    return createRequire(path.join(base, 'package.json')).resolve(name);
  } catch {
    return undefined;
  }
}
