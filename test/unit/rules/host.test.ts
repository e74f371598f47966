/** The host of the rules of code: one analysis for five detectors, components, suppression, options and hostile files. */
import assert from 'node:assert/strict';
import { loadDetector } from '../../../workers/detectors/index.ts';
import type { DetectorOptions } from '../../../workers/protocol/detector-protocol.ts';
import { runDetector, type DetectorRun } from '../../support/run-detector.ts';
import { makeWorkspace } from '../../support/workspace.ts';

type Name = 'security' | 'network' | 'performance' | 'complexity' | 'runtime';

async function runAll(
  files: Readonly<Record<string, string>>,
  options: Readonly<Record<string, DetectorOptions>> = {},
): Promise<Readonly<Record<Name, DetectorRun>>> {
  await using workspace = await makeWorkspace(files);
  const run = async (name: Name): Promise<DetectorRun> =>
    runDetector(await loadDetector(name), workspace.root, options[name]);
  // One after the other, as the worker that they share does.
  return {
    security: await run('security'),
    network: await run('network'),
    performance: await run('performance'),
    complexity: await run('complexity'),
    runtime: await run('runtime'),
  };
}

function placesOf(runs: Readonly<Record<string, DetectorRun>>): readonly string[] {
  return Object.entries(runs).flatMap(([name, { issues }]) =>
    issues.map(({ file, range, rule }) => `${file}:${String(range.start.line + 1)} ${name}/${rule}`),
  );
}

const HANDLER = "import { execSync } from 'node:child_process';\nexport default (req, res) => {\n";

describe('the host of the rules of code', () => {
  it('gives each detector its findings, with the way to them', async () => {
    const runs = await runAll({
      'a.js': `${HANDLER}  const name = req.query.name;\n  res.json(execSync('ls ' + name));\n};\n`,
      'b.js': "fetch('http://acme.io/x', { signal });\n",
      'c.js': 'export const f = (a, b, c, d, e, g, h) => [a, b, c, d, e, g, h];\n',
    });
    assert.deepEqual(placesOf(runs), [
      'a.js:4 security/command-injection',
      'b.js:1 network/insecure-url',
      'a.js:4 performance/sync-io',
      'c.js:1 complexity/parameters',
    ]);
    const [finding] = runs.security.issues;
    assert.match(finding?.message ?? '', /`req\.query\.name`.*`child_process\.execSync`.*CWE-78, confidence: high/);
    assert.deepEqual(
      finding?.related?.map(({ range }) => range.start.line + 1),
      [3, 3, 4, 4],
    );
  });

  it('looks into the scripts of components, at their place in the file', async () => {
    const script = 'element.innerHTML = location.hash;\n';
    const runs = await runAll({
      'a.vue': `<template><p /></template>\n<script setup lang="ts">\n${script}</script>\n`,
      'b.svelte': `<p>x</p>\n<script>\n${script}</script>\n`,
      'c.astro': `---\nconst a = 1;\n---\n<script>\n${script}</script>\n`,
    });
    assert.deepEqual(placesOf(runs), [
      'a.vue:3 security/xss-dom',
      'b.svelte:3 security/xss-dom',
      'c.astro:5 security/xss-dom',
    ]);
  });

  it('heeds comments, severities and limits, also when they change', async () => {
    const files = {
      'a.js': `${HANDLER}  // bulkhead-ignore-next-line command-injection -- checked above\n  res.json(execSync('ls ' + req.query.a));\n};\n`,
      'b.js': 'export const f = (a, b, c) => [a, b, c];\n',
    };
    assert.deepEqual(placesOf(await runAll(files)), ['a.js:4 performance/sync-io']);
    const options = { performance: { rules: { 'sync-io': 'off' } }, complexity: { maximumParameters: 2 } };
    assert.deepEqual(placesOf(await runAll(files, options)), ['b.js:1 complexity/parameters']);
  });

  it('hides secrets', async () => {
    const secret = ['ghp_', 'x7Kq2LmN9pRs4TvWz8BcDf3GhJk6MnPq5StU'].join('');
    const { security } = await runAll({ 'a.js': `export const t = '${secret}';\n` });
    assert.equal(security.issues.length, 1);
    assert.ok(!JSON.stringify(security.issues).includes(secret.slice(0, 10)));
  });

  it('reports in tests the secrets that a provider issued, but none that anybody can make', async () => {
    const token = ['eyJhbGciOiJIUzI1NiJ9', 'eyJyb2xlIjoidXNlciIsInVpZCI6NX0', 'kQ8rT2vX5zB7nM1pL4sD9fG3hJ6wY0cA'].join(
      '.',
    );
    const text = [
      `export const session = '${token}';`,
      `export const address = 'postgres://admin:Tr0ub4dor3x@db7.acme.io/main';`,
      `export const key = '${['ghp_', 'x7Kq2LmN9pRs4TvWz8BcDf3GhJk6MnPq5StU'].join('')}';`,
    ].join('\n');
    const { security } = await runAll({ 'src/a.js': text, 'src/a.test.js': text });
    assert.deepEqual(placesOf({ security }), [
      ...[1, 2, 3].map((line) => `src/a.js:${String(line)} security/hardcoded-secret`),
      'src/a.test.js:3 security/hardcoded-secret',
    ]);
  });

  it('leaves alone what opens nothing: keys of pages, secrets of examples, and what a test sends itself', async () => {
    const key = 'b83fQp0zLx7vKd92mWqT5rYh1sNcEa46';
    const sessions = "import session from 'express-session';\napp.use(session({ secret: 'keyboard cat' }));\n";
    const handler = "app.get('/', (req, res) => {\n  res.send(req.query.name);\n});\n";
    const runs = await runAll({
      'docs/algolia.js': `export const search = { appId: 'A1B2C3D4E5', apiKey: '${key}', indexName: 'docs' };\n`,
      'src/firebase.js': `export const app = init({ apiKey: '${key}', authDomain: 'a.firebaseapp.com', projectId: 'a' });\n`,
      'src/service.js': `export const app = init({ apiKey: '${key}', url: 'x' });\n`,
      'examples/auth/index.js': sessions,
      'src/sessions.js': sessions,
      'test/app.send.js': `import express from 'express';\nconst app = express();\ndescribe('send', () => {\n${handler}});\n`,
      'test/app.js': `import express from 'express';\nconst app = express();\n${handler}`,
    });
    assert.deepEqual(placesOf({ security: runs.security }), [
      'src/service.js:1 security/hardcoded-secret',
      'src/sessions.js:2 security/hardcoded-secret',
      'test/app.js:4 security/xss-reflected',
    ]);
  });

  it('survives hostile files, of which one detector tells', async () => {
    const runs = await runAll({
      'large.js': `x();\n`.repeat(300_000),
      'line.js': `const a = '${'x'.repeat(900_000)}';`,
      'deep.js': `${'['.repeat(10_000)}${']'.repeat(10_000)};`,
      'sum.js': `const a = ${Array.from({ length: 20_000 }, () => "'a'").join(' + ')};\n`,
      'binary.ts': '\u0000\u0001\u0002\uFFFD'.repeat(1000),
      'broken.ts': 'export const = ;',
    });
    assert.deepEqual(placesOf(runs), []);
    const problems = Object.values(runs).flatMap((run) => run.problems);
    assert.deepEqual(
      problems.map(({ file, fatal }) => `${file ?? ''} ${String(fatal)}`),
      ['large.js false'],
    );
  });
});
