import assert from 'node:assert/strict';
import path from 'node:path';
import { GeneratedTypes } from '../../../workers/runtime/generated-types.ts';
import { Installation } from '../../../workers/runtime/installation.ts';
import { makeWorkspace, type TestWorkspace } from '../../support/workspace.ts';

const needs = (...names: readonly string[]): string =>
  JSON.stringify({ name: 'p', dependencies: Object.fromEntries(names.map((name) => [name, '*'])) }, undefined, 1);

describe('installation', () => {
  let workspace: TestWorkspace;
  let made = new AsyncDisposableStack();

  beforeEach(() => (made = new AsyncDisposableStack()));
  afterEach(() => made.disposeAsync());

  async function causeOf(name: string, files: Readonly<Record<string, string>>, folder = '') {
    workspace = made.use(await makeWorkspace({ '.git/HEAD': '', ...files }));
    return new Installation(workspace.root).causeOf(name, path.join(workspace.root, folder));
  }

  const commands: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ['npm ci', { 'package-lock.json': '' }],
    ['npm ci', { 'npm-shrinkwrap.json': '' }],
    ['npm install', {}],
    ['pnpm install --frozen-lockfile', { 'pnpm-lock.yaml': '' }],
    ['yarn install --frozen-lockfile', { 'yarn.lock': '# yarn lockfile v1' }],
    ['yarn install --immutable', { 'yarn.lock': '__metadata:\n  version: 8' }],
    ['yarn install --immutable', { 'yarn.lock': '', '.yarnrc.yml': '' }],
    ['bun install --frozen-lockfile', { 'bun.lock': '' }],
    ['bun install --frozen-lockfile', { 'bun.lockb': '' }],
    ['deno install', { 'deno.json': '{}' }],
    ['pnpm install', { 'package.json': '{ "packageManager": "pnpm@10.0.0", "dependencies": { "a": "*" } }' }],
    [
      'npm ci',
      {
        ...{ 'pnpm-lock.yaml': '', 'package-lock.json': '' },
        'package.json': '{ "packageManager": "npm@11", "dependencies": { "a": "*" } }',
      },
    ],
  ];
  for (const [command, files] of commands) {
    it(`by ${Object.keys(files).join(', ') || 'nothing'}: ${command}`, async () => {
      const cause = await causeOf('a', { 'package.json': needs('a'), ...files });
      assert.equal(cause?.message, `Nothing is installed, so answers are missing. Run '${command}'.`);
      assert.deepEqual([cause.file, cause.rule], ['package.json', 'not-installed']);
    });
  }

  it('is one cause for an example that has packages of its own, whatever is found above it', async () => {
    const files = {
      ...{ 'package.json': needs('react', 'tool'), 'node_modules/react/package.json': '{}' },
      'node_modules/tool/package.json': '{}',
      'examples/demo/package.json': needs('react', 'vite', 'zod'),
    };
    const whole = "Nothing of examples/demo is installed, so answers are missing. Run 'npm install' in examples/demo.";
    assert.equal((await causeOf('vite', files, 'examples/demo/src'))?.message, whole);
    // A member's packages may all be above it, and one that is missing is missing by itself.
    const member = { ...files, 'package.json': JSON.stringify({ workspaces: ['examples/*'] }) };
    assert.match((await causeOf('vite', member, 'examples/demo'))?.message ?? '', /^'vite' is declared/);
    const one = { ...files, 'examples/demo/package.json': needs('react', 'vite') };
    assert.match((await causeOf('vite', one, 'examples/demo'))?.message ?? '', /^'vite' is declared/);
    const own = {
      ...files,
      'examples/demo/node_modules/zod/package.json': '{}',
      'examples/demo/package.json': needs('react', 'vite', 'zod', 'a'),
    };
    assert.match((await causeOf('vite', own, 'examples/demo'))?.message ?? '', /^'vite' is declared/);
  });

  it('is one cause for all members of a workspace in which nothing is installed', async () => {
    const files = {
      ...{
        'package.json': '{ "private": true }',
        'pnpm-workspace.yaml': "packages:\n  - 'packages/*'\n  - other # c\n",
      },
      ...{ 'pnpm-lock.yaml': '', 'packages/a/package.json': needs('x', 'y'), 'other/package.json': needs('z') },
    };
    const first = await causeOf('x', files, 'packages/a/src');
    assert.equal(first?.file, 'package.json');
    assert.match(first.message, /^Nothing is installed.*'pnpm install --frozen-lockfile'\.$/);
    const second = new Installation(workspace.root).causeOf('z', path.join(workspace.root, 'other'));
    assert.equal(second?.key, first.key);
  });

  it('names a member of which nothing is installed, and a project with an installation of its own', async () => {
    const root = { ...{ 'package.json': '{ "workspaces": ["packages/*"], "dependencies": { "r": "*" } }' } };
    const files = {
      ...{ ...root, 'package-lock.json': '', 'node_modules/r/package.json': '{}' },
      ...{ 'packages/new/package.json': needs('x', 'y'), 'examples/one/package.json': needs('q', 'w') },
      'examples/one/yarn.lock': '',
    };
    const member = await causeOf('x', files, 'packages/new/src');
    assert.equal(member?.file, 'packages/new/package.json');
    assert.match(member.message, /^Nothing of packages\/new is installed, .* Run 'npm ci'\.$/);
    const example = new Installation(workspace.root).causeOf('q', path.join(workspace.root, 'examples/one'));
    assert.equal(example?.file, 'examples/one/package.json');
    assert.match(example.message, /Run 'yarn install --frozen-lockfile' in examples\/one\.$/);
  });

  it('is one cause for all projects of a fresh clone', async () => {
    const files = { 'package.json': needs('r'), 'package-lock.json': '', 'examples/one/package.json': needs('q', 'w') };
    const cause = await causeOf('q', files, 'examples/one/src');
    assert.deepEqual([cause?.file, cause?.key], ['package.json', 'not-installed ']);
  });

  it('names one dependency that is declared and not installed, at its line', async () => {
    const files = {
      ...{ 'package.json': needs('a', '@s/b'), 'package-lock.json': '', 'node_modules/a/package.json': '{}' },
    };
    const cause = await causeOf('@s/b', files, 'src');
    assert.equal(cause?.message, "'@s/b' is declared but not installed. Run 'npm install'.");
    assert.deepEqual(cause.range, { start: { line: 4, character: 2 }, end: { line: 4, character: 8 } });
  });

  it('is no cause where things are installed, for a name that nobody declares', async () => {
    const files = { 'package.json': needs('a'), 'node_modules/a/package.json': '{}' };
    assert.equal(await causeOf('typo', files), undefined);
    const installation = new Installation(workspace.root);
    assert.equal(installation.causeOf('a', workspace.root), undefined);
    assert.equal(installation.partialCauseIn(workspace.root), undefined);
  });

  it('is no cause for a package without dependencies, in installed packages, or with Plug’n’Play', async () => {
    const files = {
      ...{ 'package.json': '{}', 'p/package.json': needs('a'), 'p/.pnp.cjs': '' },
      'node_modules/x/package.json': needs('y', 'z'),
    };
    assert.equal(await causeOf('a', files), undefined);
    const installation = new Installation(workspace.root);
    assert.equal(installation.causeOf('y', path.join(workspace.root, 'node_modules/x')), undefined);
    assert.equal(installation.causeOf('a', path.join(workspace.root, 'p')), undefined);
  });

  it('knows optional peers to be optional', async () => {
    const files = {
      'package.json': '{ "peerDependencies": { "sass": "*" }, "dependencies": { "a": "*" } }',
      'node_modules/a/package.json': '{}',
    };
    assert.equal(await causeOf('sass', files), undefined);
  });

  it('survives a package.json that is no object', async () => {
    assert.equal(await causeOf('a', { 'package.json': 'null' }), undefined);
    await workspace[Symbol.asyncDispose]();
    assert.equal(await causeOf('a', { 'package.json': '{ "dependencies": [1], "workspaces": 7 }' }), undefined);
    await workspace[Symbol.asyncDispose]();
    const odd = JSON.stringify({ workspaces: ['', '!', null, '['.repeat(70_000)], packageManager: {} });
    const cause = await causeOf('a', { 'package.json': odd, 'p/package.json': needs('a') }, 'p');
    assert.equal(cause?.file, 'p/package.json');
  });
});

describe('generated types', () => {
  const cases: readonly (readonly [string, string, string, string, string])[] = [
    ['next', 'next typegen', 'next-env.d.ts', './a.module.css', './a.js'],
    ['@sveltejs/kit', 'svelte-kit sync', '.svelte-kit/tsconfig.json', './$types', './types'],
    ['nuxt', 'nuxt prepare', '.nuxt/tsconfig.json', '#imports', './imports'],
    ['astro', 'astro sync', '.astro/types.d.ts', 'astro:content', 'astro'],
    ['@react-router/dev', 'react-router typegen', '.react-router/types/x.ts', './+types/root', './types/root'],
    ['convex', 'convex codegen', 'convex/_generated/api.d.ts', '../convex/_generated/api', '../convex/api'],
  ];
  for (const [name, command, output, explained, other] of cases) {
    it(`of ${name}: until '${command}' has run`, async () => {
      const files = { 'package.json': needs(name), [`node_modules/${name}/package.json`]: '{}' };
      await using workspace = await makeWorkspace(files);
      const { root } = workspace;
      const missing = () => new GeneratedTypes(root, new Installation(root).packages).missingIn(path.join(root, 'src'));
      const file = path.join(root, 'src', 'a.ts');
      const found = missing().find((each) => each.explains(explained, file));
      assert.ok(found !== undefined && found.cause.message.includes(`'npx ${command}'`));
      assert.equal(found.cause.rule, 'not-generated');
      assert.ok(!missing().some((each) => each.explains(other, file)));
      await workspace.write({ [output]: '' });
      assert.ok(!missing().some((each) => each.explains(explained, file)));
    });
  }

  it('of Prisma: where the schema says, or beside its package', async () => {
    const schema = 'generator client {\n  provider = "prisma-client"\n  output = "../src/generated/prisma"\n}\n';
    const files = {
      ...{ 'package.json': needs('@prisma/client', 'prisma'), 'pnpm-lock.yaml': '' },
      ...{ 'node_modules/@prisma/client/package.json': '{}', 'node_modules/prisma/package.json': '{}' },
    };
    await using workspace = await makeWorkspace(files);
    const { root } = workspace;
    const missing = () => new GeneratedTypes(root, new Installation(root).packages).missingIn(root);
    const file = path.join(root, 'src', 'db', 'client.ts');
    assert.ok(missing().some((each) => each.explains('@prisma/client', file)));
    assert.match(missing()[0]?.cause.message ?? '', /'pnpm exec prisma generate'/);
    await workspace.write({ 'node_modules/.prisma/client/index.d.ts': 'x'.repeat(6000) });
    assert.deepEqual(missing(), []);
    await workspace.write({ 'prisma/schema.prisma': schema });
    assert.ok(missing().some((each) => each.explains('../generated/prisma/client', file)));
    assert.ok(!missing().some((each) => each.explains('../generated/other', file)));
    await workspace.write({ 'src/generated/prisma/client.ts': '' });
    assert.deepEqual(missing(), []);
  });

  it('follow the installation: before that, nothing can be generated', async () => {
    await using workspace = await makeWorkspace({ 'package.json': needs('nuxt') });
    const { root } = workspace;
    assert.deepEqual(new GeneratedTypes(root, new Installation(root).packages).missingIn(root), []);
  });
});
