// What `npm pack` runs first: the production build, and the declarations of what programs import, in dist/types.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from './build.mjs';
import { publicEntries } from './entries.mjs';

const root = path.resolve(import.meta.dirname, '..');
const emitted = path.join(root, 'out', 'declarations');
const types = path.join(root, 'dist', 'types');

await build('--production');
const sources = publicEntries().map(({ source }) => source);
emitDeclarations(sources);
for (const file of reachable(sources.map((source) => source.replace(/\.ts$/, '.d.ts')))) {
  cpSync(path.join(emitted, file), path.join(types, file));
}
// As the modules that they describe.
writeFileSync(path.join(types, 'package.json'), '{ "type": "commonjs" }\n');

function emitDeclarations(files) {
  rmSync(emitted, { recursive: true, force: true });
  mkdirSync(emitted, { recursive: true });
  const config = path.join(emitted, 'tsconfig.json');
  const compilerOptions = {
    composite: false,
    rootDir: root,
    outDir: emitted,
    typeRoots: [path.join(root, 'node_modules/@types')],
  };
  const extended = path.join(root, 'tsconfig.base.json');
  writeFileSync(
    config,
    JSON.stringify({ extends: extended, compilerOptions, files: files.map((file) => path.join(root, file)) }),
  );
  const compiler = path.join(root, 'node_modules', 'typescript7', 'bin', 'tsc');
  const { status } = spawnSync(process.execPath, [compiler, '-p', config], { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error('The declarations could not be written: see above.');
}

/** The compiler writes declarations for every module it has read; private ones that no declaration imports stay here. */
function reachable(entries) {
  const found = new Set(entries);
  for (const file of found) {
    const text = readFileSync(path.join(emitted, file), 'utf8');
    for (const [, specifier] of text.matchAll(/(?:from |import\()['"](\.[^'"]+)\.ts['"]/g)) {
      found.add(path.posix.join(path.posix.dirname(file), `${specifier}.d.ts`));
    }
  }
  return found;
}
