/** Recorded logs of real builds. Absolute paths were shortened, and the frames of stacks left out. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { findingsInLog, type BuildLogFinding } from '../../../workers/detectors/build/log.ts';
import { repository } from '../../support/workspace.ts';

const root = path.resolve('/w');
const packages = new Map([
  ['@acme/web', path.join(root, 'packages/web')],
  ['packages/web', path.join(root, 'packages/web')],
]);

function read(text: string): readonly string[] {
  const found = findingsInLog(text, { folder: root, folderOf: (name) => packages.get(name) });
  return found.map(({ tool, file, place, severity = '-', rule = '-', message }: BuildLogFinding) => {
    const at = place && 'start' in place ? `${place.start.line}:${place.start.column ?? '-'}` : '-';
    return `${tool} ${path.relative(root, file).split(path.sep).join('/')}:${at} ${severity} ${rule} | ${message}`;
  });
}

const recorded = (name: string): readonly string[] =>
  read(
    stripVTControlCharacters(readFileSync(path.join(repository, 'test/fixtures/build-logs', `${name}.log`), 'utf8')),
  );

const notANumber = (line: string): string => `tsc src/b.ts:${line} error TS2322 | Type 'string' is not assignable to type 'number'.`; // prettier-ignore

describe('logs of builds', () => {
  it('of the compiler, plain and pretty', () => {
    assert.deepEqual(recorded('tsc'), [notANumber('1:14'), notANumber('2:47')]);
    assert.deepEqual(recorded('tsc-pretty'), [notANumber('1:14'), notANumber('2:47')]);
  });

  it('of esbuild', () => {
    assert.deepEqual(recorded('esbuild'), [
      'esbuild src/c.js:1:35 ERROR - | Expected identifier but found "="',
      'esbuild src/a.js:1:22 ERROR - | Could not resolve "./gone.js"',
    ]);
  });

  it('of Vite', () => {
    assert.deepEqual(recorded('vite'), ["vite src/a.js:1:22 error UNRESOLVED_IMPORT | Could not resolve './gone.js' in src/a.js"]); // prettier-ignore
    assert.deepEqual(recorded('vite-syntax'), ['vite src/c.js:1:30 error PARSE_ERROR | Unexpected token']);
  });

  it('of Rollup', () => {
    assert.deepEqual(recorded('rollup'), [
      'rollup src/c.js:1:31 error RollupError | Unexpected token `=`. Expected yield, an identifier, [ or {',
    ]);
    assert.deepEqual(recorded('rollup-gone'), [
      'rollup src/a.js:1:- error RollupError | Could not resolve "./gone.js" from "src/a.js"',
    ]);
  });

  it('of webpack', () => {
    assert.deepEqual(recorded('webpack'), [
      "webpack src/a.js:1:1 ERROR Module not found | Module not found: Error: Can't resolve './gone.js' in '/w/src'",
      'webpack src/c.js:1:31 ERROR Module parse failed | Module parse failed: Unexpected token (1:30)',
    ]);
  });

  it('of several packages, behind the prefixes of what runs them', () => {
    const line = 'src/b.ts(1,2): error TS1: Wrong.';
    const expected = ['tsc packages/web/src/b.ts:1:2 error TS1 | Wrong.'];
    for (const prefix of [
      '@acme/web:build: ',
      'packages/web build: ',
      '@acme/web: ',
      '> @acme/web@1.0.0 build\n> tsc\n\n',
      '> nx run @acme/web:build\n',
    ])
      assert.deepEqual(read(`${prefix}${line}`), expected, prefix);
    assert.deepEqual(read(`nobody: ${line}`.replace('nobody: ', '')), ['tsc src/b.ts:1:2 error TS1 | Wrong.']);
  });

  it('that are no logs', () => {
    assert.deepEqual(read('✓ built in 3 s\nError: none\n  at a (b.js:1:2)\n[INFO] fine\nWARNING in your area\n'), []);
  });
});
