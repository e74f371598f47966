/**
 * How long after a key the file that is typed in has the new issues of `eslint` and `typescript`, through the language
 * server, from the notification to the diagnostics, and how long the tools themselves take for that text in this process.
 *
 *     node bench/live/typing.ts [--rounds 9] [--files 200] [--pause 1000] [--old <another checkout, built>]
 *
 * The workspace is generated, with TypeScript 7 and untyped rules. Shows medians of keys that follow one another after
 * the pause.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { Editor } from '../../test/support/lsp-client.ts';
import { repository } from '../../test/support/workspace.ts';
import { generate } from '../scale/generate.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '9' },
    files: { type: 'string', default: '200' },
    pause: { type: 'string', default: '1000' },
    old: { type: 'string' },
  },
});

interface EslintClass {
  new (options: { cwd: string }): { lintText(text: string, options: { filePath: string }): Promise<unknown> };
}

const scratch = mkdtempSync(path.join(os.tmpdir(), 'bulkhead-typing-'));
process.env['XDG_CACHE_HOME'] = path.join(scratch, 'cache');
const root = path.join(scratch, 'workspace');
const tools = path.join(repository, 'node_modules');
const shape = { packages: 5, modules: Number(values.files) / 5, tools, typescript: 'typescript7' };
const { leaf } = generate(root, shape);
const original = readFileSync(path.join(root, leaf), 'utf8');
const uri = pathToFileURL(path.join(root, leaf)).href;
const edited = `${original}var wrong: number = 'text';\n`;
const codes = { eslint: 'no-var', typescript: 'TS2322' } as const;

try {
  const times: Record<keyof typeof codes, number[]> = { eslint: [], typescript: [] };
  await using editor = values.old === undefined ? new Editor() : new Editor(process.env, path.resolve(values.old));
  await editor.open([root], { initializationOptions: { settings: { run: 'onType', openFiles: 'own' } } });
  await editor.connection.sendNotification('textDocument/didOpen', {
    textDocument: { uri, languageId: 'typescript', version: 1, text: original },
  });
  await editor.settled();
  const has = (code: string): boolean => (editor.diagnostics.get(uri) ?? []).some((one) => String(one.code) === code);
  const key = (version: number, text: string): Promise<void> =>
    editor.connection.sendNotification('textDocument/didChange', {
      textDocument: { uri, version },
      contentChanges: [{ text }],
    });
  for (let round = 0; round <= Number(values.rounds); round += 1) {
    await editor.atRest();
    await sleep(Number(values.pause));
    const startedAt = performance.now();
    await key(2 + 2 * round, edited);
    const waits = Object.entries(codes).map(async ([tool, code]) => {
      await editor.until(code, () => has(code));
      // The first key loads the tools.
      if (round > 0) times[tool as keyof typeof codes].push(performance.now() - startedAt);
    });
    await Promise.all(waits);
    await sleep(Number(values.pause));
    await key(3 + 2 * round, original);
    await editor.until('the old text', () => Object.values(codes).every((code) => !has(code)));
  }
  const { ESLint } = createRequire(path.join(root, 'package.json'))('eslint') as { readonly ESLint: EslintClass };
  const eslint = new ESLint({ cwd: root });
  const alone: number[] = [];
  for (let round = 0; round < 3 * Number(values.rounds); round += 1) {
    const startedAt = performance.now();
    await eslint.lintText(edited, { filePath: path.join(root, leaf) });
    alone.push(performance.now() - startedAt);
  }
  console.log('| after a key, ms | median | fastest |\n| --- | --- | --- |');
  const rows = { ...times, 'ESLint alone, in this process': alone.slice(-Number(values.rounds)) };
  for (const [what, all] of Object.entries(rows)) {
    const sorted = all.toSorted((one, other) => one - other);
    const [median = 0, fastest = 0] = [sorted[Math.floor(sorted.length / 2)], sorted[0]];
    console.log(`| ${what} | ${median.toFixed(0)} | ${fastest.toFixed(0)} |`);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
