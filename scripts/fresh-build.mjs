// Keeps tests from running a stale bundle: builds dist/ unless it was built from the sources as they are now.
// What it was built from is recorded in out/, so that an unchanged tree is not built again.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { spawnSync } from 'node:child_process';

const repository = path.resolve(import.meta.dirname, '..');
/** What the bundle is made from. */
const sources = ['client', 'server', 'workers', 'esbuild.mjs', 'package.json', 'package-lock.json'];

/** Builds once per process, so that sources may be edited while tests run. */
let isFresh = false;

export function ensureFreshBuild() {
  if (isFresh) return;
  buildIfStale(repository, () => {
    const { status } = spawnSync(process.execPath, [path.join(repository, 'esbuild.mjs')], {
      cwd: repository,
      stdio: ['ignore', 2, 2],
    });
    if (status !== 0) throw new Error('dist/ is stale and could not be built: see above.');
  });
  isFresh = true;
}

/**
 * @param {string} root of the project
 * @param {() => void} build writes dist/, or throws
 * @returns {boolean} whether it was stale, and has been built
 */
export function buildIfStale(root, build) {
  const record = path.join(root, 'out', 'fresh-build.json');
  const before = hashOf(sources, root);
  // Both ends count: dist/ may have been built by hand from sources that were changed back since.
  if (read(record) === recordOf(before, root)) return false;
  build();
  mkdirSync(path.dirname(record), { recursive: true });
  writeFileSync(record, recordOf(before, root));
  return true;
}

function recordOf(sourceHash, root) {
  return JSON.stringify({ sources: sourceHash, dist: hashOf(['dist'], root) });
}

function hashOf(entries, root) {
  const hash = createHash('sha256');
  for (const file of entries.flatMap((entry) => filesOf(entry, root)).sort()) {
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(path.join(root, file)))
      .update('\0');
  }
  return hash.digest('hex');
}

function filesOf(entry, root) {
  const status = statSync(path.join(root, entry), { throwIfNoEntry: false });
  if (!status) return [];
  if (status.isFile()) return [entry];
  return readdirSync(path.join(root, entry), { recursive: true, withFileTypes: true })
    .filter((found) => found.isFile() && /\.(?:[cm]?[jt]s|json)$/.test(found.name))
    .map((found) => path.relative(root, path.join(found.parentPath, found.name)));
}

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
