// The entry of every npm script. It runs on an old Node with npm alone: it installs what is missing, then continues on the
// Node that the project pins (the npm package `node`), so that every machine runs the same version.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { npm } from './npm.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const modules = path.join(root, 'node_modules');
const windows = process.platform === 'win32';
const pinnedNode = path.join(modules, 'node', 'bin', windows ? 'node.exe' : 'node');
const { engines } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const minimum = engines.node.replace('>=', '').split('.').map(Number);

const tasks = {
  start: ['scripts/start.mjs'],
  test: ['scripts/test.mjs'],
  open: ['scripts/open.mjs'],
  screenshots: ['scripts/screenshots.mjs'],
  package: ['scripts/package.mjs'],
  build: ['esbuild.mjs'],
  prepack: ['scripts/prepack.mjs'],
  typecheck: ['node_modules/typescript7/bin/tsc', '-b'],
  lint: ['scripts/lint.mjs'],
  mocha: ['node_modules/mocha/bin/mocha.js'],
  chaos: ['bench/chaos/main.ts'],
  kills: ['bench/store/kills.ts'],
};

const [name = '', ...rest] = process.argv.slice(2);
const task = Object.hasOwn(tasks, name) ? tasks[name] : undefined;
if (!task) fail(`Unknown task "${name}". Known are ${Object.keys(tasks).join(', ')}.`);

install();
const [script, ...fixed] = task;
const cwd = name === 'start' || name === 'open' ? process.cwd() : root;
run(nodeToUse(), [path.join(root, script), ...fixed, ...rest], cwd);

/** Installs once per lock file. */
function install() {
  const lock = createHash('sha256')
    .update(readFileSync(path.join(root, 'package-lock.json')))
    .digest('hex');
  const stamp = path.join(modules, '.bulkhead-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  console.error('Setting up: npm ci (once, and after changes of package-lock.json)');
  try {
    npm(['ci'], { cwd: root });
  } catch (error) {
    fail(error.message);
  }
  writeFileSync(stamp, lock);
}

function nodeToUse() {
  if (existsSync(pinnedNode)) return pinnedNode;
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > minimum[0] || (major === minimum[0] && minor >= minimum[1])) return process.execPath;
  return fail(
    `Bulkhead needs Node ${minimum.join('.')} or newer; this is ${process.versions.node}, and the npm package "node" did not ` +
      `install its binary. Run: npm rebuild node   (or install a newer Node)`,
  );
}

function run(node, argv, cwd) {
  const env = { ...process.env, PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH ?? ''}` };
  const result = spawnSync(node, argv, { cwd, stdio: 'inherit', env });
  if (result.error) fail(String(result.error));
  process.exit(result.status ?? 1);
}

function fail(message) {
  console.error(`bulkhead: ${message}`);
  process.exit(1);
}
