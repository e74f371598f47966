/** Projects with components, and their own checkers to compare with. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { parseOutput } from '../../../workers/detectors/typescript/command.ts';
import { parseSvelteCheck } from '../../../workers/detectors/typescript/checkers/svelte-check.ts';
import { RootPaths } from '../../../workers/detectors/typescript/report.ts';
import type { Diagnostic } from '../../../workers/detectors/typescript/session.ts';
import { lineOf, sortedSet } from '../../support/typescript-oracle.ts';
import { makeWorkspace, type TestWorkspace } from '../../support/workspace.ts';

export type Files = Readonly<Record<string, string>>;

/** @param packages of this repository by the name that the project gives them; they are its dependencies too */
export async function makeProject(files: Files, packages: Files): Promise<TestWorkspace> {
  const devDependencies = Object.fromEntries(Object.keys(packages).map((name) => [name, '*']));
  const workspace = await makeWorkspace({
    'package.json': JSON.stringify({ name: 'project', private: true, type: 'module', devDependencies }),
    ...files,
  });
  await workspace.link(packages);
  return workspace;
}

export const options = {
  target: 'es2022',
  module: 'esnext',
  moduleResolution: 'bundler',
  lib: ['es2022', 'dom'],
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  verbatimModuleSyntax: true,
  jsx: 'preserve',
  types: [],
};

/** What the command of a package prints, as lines to compare with issues. */
export async function vueTsc(root: string, unit: string, args = ['--noEmit', '-p', unit]): Promise<readonly string[]> {
  const output = await printed(root, 'vue-tsc/bin/vue-tsc.js', [...args, '--pretty', 'false']);
  return linesOf(root, unit, parseOutput(output, root));
}

export async function svelteCheck(root: string, unit: string): Promise<readonly string[]> {
  const args = ['--tsconfig', unit, '--output', 'machine-verbose'];
  const output = await printed(root, 'svelte-check/bin/svelte-check', args);
  return linesOf(root, unit, parseSvelteCheck(output, root) ?? []);
}

/** Its only output is for people: `src/a.astro:2:9 - error ts(2322): the message`. */
export async function astroCheck(root: string): Promise<readonly string[]> {
  const output = stripVTControlCharacters(await printed(root, '@astrojs/check/bin/astro-check.js', []));
  const found = [...output.matchAll(/^(\S+):(\d+):(\d+) - (error|warning) (ts|astro)\((\d+)\): (.*)$/gm)];
  return sortedSet(
    found.map(([, file = '', line = '', column = '', severity = '', source = '', code = '', message = '']) => {
      const rule = source === 'ts' ? `TS${code}` : `astro-${code}`;
      return `${file}(${line},${column}): ${severity} ${rule}: ${message}`;
    }),
  );
}

function linesOf(root: string, unit: string, found: readonly Diagnostic[]): readonly string[] {
  const paths = new RootPaths(root);
  return sortedSet(
    found.map((one) =>
      lineOf({
        ...one,
        rule: one.rule ?? `TS${String(one.code)}`,
        file: one.file === undefined ? unit : paths.relative(one.file),
      }),
    ),
  );
}

async function printed(root: string, command: string, args: readonly string[]): Promise<string> {
  // As a link in the project would, so that the tool finds what the project has.
  const tool = spawn(process.execPath, [path.join(root, 'node_modules', command), ...args], {
    cwd: root,
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  tool.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  await new Promise((resolve, reject) => tool.once('close', resolve).once('error', reject));
  return output;
}
