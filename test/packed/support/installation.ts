/**
 * The package as its users have it: packed, and installed into an empty folder outside of the repository. Made once for
 * all tests of a run; the folder is removed when the process ends.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { npm } from '../../../scripts/npm.mjs';
import { repository } from '../../support/workspace.ts';

export interface Installation {
  /** Absolute path of the tarball. */
  readonly tarball: string;
  /** Absolute path of the folder that the package is installed in, with `@types/node` beside it. */
  readonly folder: string;
  /** Absolute path of an empty folder next to it, for a test of its own. */
  emptyFolder(name: string): string;
}

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

let made: Installation | undefined;

export function installation(): Installation {
  made ??= install();
  return made;
}

function install(): Installation {
  const base = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'bulkhead-packed-')));
  process.once('exit', () => rmSync(base, { recursive: true, force: true, maxRetries: 5 }));
  const emptyFolder = (name: string): string => {
    const folder = path.join(base, name);
    mkdirSync(folder);
    return folder;
  };
  npm(['pack', '--pack-destination', base], { cwd: repository });
  const { version, devDependencies } = readManifest(repository);
  const tarball = path.join(base, `bulkhead-${version}.tgz`);
  const folder = emptyFolder('app');
  writeFileSync(path.join(folder, 'package.json'), '{ "private": true }\n');
  npm(['install', '--prefer-offline', tarball, `@types/node@${devDependencies['@types/node']}`], { cwd: folder });
  return { tarball, folder, emptyFolder };
}

interface Manifest {
  readonly version: string;
  readonly devDependencies: Readonly<Record<string, string>>;
}

export function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as Manifest;
}

/** Runs a program; never rejects for its exit code. */
export function run(command: string, argv: readonly string[], cwd: string, shell = false): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, argv, { cwd, shell, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** The arguments as a shell gets them: `npx` is a script on Windows. */
export function runInShell(line: string, cwd: string): Promise<Outcome> {
  return run(line, [], cwd, true);
}

/** Runs a program with the Node of this process. */
export function runNode(argv: readonly string[], cwd: string): Promise<Outcome> {
  return run(process.execPath, argv, cwd);
}
