// Builds VSIX files, out/bulkhead-<target>.vsix:
//   npm run package                       of this platform
//   npm run package -- --target linux-x64 of that one; can be repeated
//   npm run package -- --all              of every platform, and the one for all others (scripts/vsix/targets.mjs)
// Each is checked: what is in it, what is not, and its size (scripts/vsix/check.mjs).
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { openPromise } from 'yauzl';
import { build } from './build.mjs';
import { problemsOf } from './vsix/check.mjs';
import { stage } from './vsix/stage.mjs';
import { ownTarget, targets } from './vsix/targets.mjs';

const root = path.resolve(import.meta.dirname, '..');

if (process.argv[1] === import.meta.filename) {
  try {
    const { values } = parseArgs({ options: { all: { type: 'boolean' }, target: { type: 'string', multiple: true } } });
    await packageExtensions(values.all ? Object.keys(targets) : (values.target ?? [ownTarget()]));
  } catch (error) {
    console.error(`package: ${error.message}`);
    process.exitCode = 1;
  }
}

/**
 * @param {readonly string[]} names  of targets
 * @returns {Promise<string[]>} absolute paths of the packages, all of them checked
 * @throws Error that says what is wrong with which
 */
export async function packageExtensions(names) {
  const unknown = names.filter((name) => !Object.hasOwn(targets, name));
  if (unknown.length > 0) {
    throw new Error(`Unknown target ${unknown.join(', ')}. Known are ${Object.keys(targets).join(', ')}.`);
  }
  await build('--production');
  const made = [];
  for (const name of names) made.push(await packageFor(name, targets[name]));
  return made;
}

async function packageFor(name, target) {
  const folder = path.join(root, 'out', 'vsix', name);
  const vsix = path.join(root, 'out', `bulkhead-${name}.vsix`);
  stage(folder, target);
  const vsce = path.join(root, 'node_modules', '@vscode', 'vsce', 'vsce');
  const platform = name === 'universal' ? [] : ['--target', name];
  // The page of the rule `private-key` shows one.
  const secrets = ['--allow-package-secrets', 'privatekey'];
  const options = ['--no-rewrite-relative-links', '--allow-missing-repository', '--no-update-package-json', ...secrets];
  const argv = [vsce, 'package', ...platform, '--out', vsix, ...options];
  const result = spawnSync(process.execPath, argv, { cwd: folder, encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`vsce failed for ${name}:\n${result.stdout}${result.stderr}`);
  const files = await contentsOf(vsix);
  const { size } = statSync(vsix);
  const problems = problemsOf(name, target, files, size);
  if (problems.length > 0) throw new Error(`${vsix}:\n  ${problems.join('\n  ')}`);
  const unpacked = files.reduce((total, file) => total + file.size, 0);
  console.log(
    `${path.relative(process.cwd(), vsix)}: ${files.length} files, ${megabytes(size)} (${megabytes(unpacked)} unpacked)`,
  );
  return vsix;
}

/** @returns {Promise<import('./vsix/check.mjs').PackedFile[]>} */
async function contentsOf(vsix) {
  const files = [];
  const folder = 'extension/';
  const zip = await openPromise(vsix, { lazyEntries: true });
  for await (const { fileName, uncompressedSize, externalFileAttributes } of zip.eachEntry()) {
    if (!fileName.startsWith(folder)) continue;
    files.push({ name: fileName.slice(folder.length), size: uncompressedSize, mode: externalFileAttributes >>> 16 });
  }
  return files;
}

function megabytes(bytes) {
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
