// Puts together the folder that becomes a VSIX: the product, and the packages with native code of one platform.
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { npm } from '../npm.mjs';
import { pageOf } from './readme.mjs';

const root = path.resolve(import.meta.dirname, '..', '..');
const product = ['CHANGELOG.md', 'LICENSE', '.vscodeignore', 'media', 'schemas', 'docs/rules', 'dist', 'l10n'];
/** The texts of package.json, in any language. */
const texts = /^package\.nls(?:\.[\w-]+)?\.json$/;

/** What packages carry for compilers, browsers, readers and Node's C++ side. */
const notAtRunTime =
  /\.map$|\.sig$|\.d\.[cm]?ts$|\.(?:md|html|h)$|\.a$|[/\\](?:src|browser|test)[/\\]|[-.](?:browser|workerd|deno)\.\w+$/;

/**
 * @param {string} folder  absolute path; made anew
 * @param {import('./targets.mjs').Target} target
 */
export function stage(folder, target) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const manifest = readJson(path.join(root, 'package.json'));
  installPackages(folder, target, manifest);
  for (const entry of [...product, ...readdirSync(root).filter((name) => texts.test(name))]) {
    if (!existsSync(path.join(root, entry))) throw new Error(`${entry} is missing.`);
    cpSync(path.join(root, entry), path.join(folder, entry), { recursive: true });
  }
  writeFileSync(path.join(folder, 'README.md'), pageOf(path.join(root, 'client', 'README.md'), root));
  if (!target.native) replaceTypeScript(path.join(folder, 'dist'));
  // What an extension has no use for: its packages are in it, and programs import the npm package.
  const { dependencies } = manifest;
  for (const key of ['scripts', 'bin', 'exports', 'files', 'devDependencies', 'allowScripts', 'overrides'])
    delete manifest[key];
  for (const key of ['optionalDependencies', 'peerDependencies', 'peerDependenciesMeta']) delete manifest[key];
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ ...manifest, dependencies }, null, 2));
}

/** npm takes the packages of that platform, in the versions of the lock file. */
function installPackages(folder, { os, cpu, libc, native }, manifest) {
  const { dependencies, optionalDependencies, devDependencies } = manifest;
  const wasm = '@oxc-parser/binding-wasm32-wasi';
  const packages = native
    ? { dependencies, optionalDependencies }
    : { dependencies: { ...dependencies, [wasm]: devDependencies[wasm] } };
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify({ private: true, ...packages }));
  cpSync(path.join(root, 'package-lock.json'), path.join(folder, 'package-lock.json'));
  const platform = [`--os=${os}`, `--cpu=${cpu}`, ...(libc === undefined ? [] : [`--libc=${libc}`])];
  npm(['install', '--ignore-scripts', '--omit=dev', '--prefer-offline', ...platform], { cwd: folder });
  expectLocked(folder);
  const modules = path.join(folder, 'node_modules');
  for (const file of readdirSync(modules, { recursive: true })) {
    // The declarations of TypeScript's own library are the product, and so is the WebAssembly that has no native beside it.
    const isLibrary = /^@typescript[/\\][^]*\.d\.ts$/.test(file);
    const isIdleWasm = /\.wasm$/.test(file) && !file.includes('binding-wasm32-wasi');
    if ((notAtRunTime.test(file) && !isLibrary) || isIdleWasm)
      rmSync(path.join(modules, file), { force: true, recursive: true });
  }
}

/** @throws Error when npm took a package that package-lock.json does not name */
function expectLocked(folder) {
  const known = new Set(
    Object.values(readJson(path.join(root, 'package-lock.json')).packages).map(({ integrity }) => integrity),
  );
  const { packages } = readJson(path.join(folder, 'node_modules', '.package-lock.json'));
  const strangers = Object.entries(packages).filter(([, { integrity }]) => !known.has(integrity));
  if (strangers.length > 0)
    throw new Error(`Not in package-lock.json: ${strangers.map(([place]) => place).join(', ')}`);
}

/** TypeScript 7 is a native program; where it has none, TypeScript 6 takes its place. */
function replaceTypeScript(dist) {
  rmSync(path.join(dist, 'typescript7'), { recursive: true });
  const from = path.join(root, 'node_modules', 'typescript');
  const files = readdirSync(path.join(from, 'lib')).filter(
    (file) => file === 'typescript.js' || /^lib\..*d\.ts$/.test(file),
  );
  const all = ['package.json', 'LICENSE.txt', 'ThirdPartyNoticeText.txt', ...files.map((file) => `lib/${file}`)];
  for (const file of all) cpSync(path.join(from, file), path.join(dist, 'typescript', file));
}

function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}
