// `npm run package`: builds out/bulkhead.vsix for this platform, without the network.
// The product is bundled; packages with native code cannot be and travel in node_modules, for one platform per VSIX.
// They are put together with the manifest in out/package/, so that what development needs cannot slip in.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { build } from './build.mjs';

const root = path.resolve(import.meta.dirname, '..');
const stage = path.join(root, 'out', 'package');
const vsix = path.join(root, 'out', 'bulkhead.vsix');

/** Packages the bundle leaves outside, as package.json names them. */
const runtimePackages = ['oxc-parser', 'oxc-resolver', 'typescript7'];

/** What packages carry for compilers, browsers and readers. Of TypeScript's platform package the types are the product. */
const notAtRunTime = /\.map$|\.d\.[cm]?ts$|\.wasm$|[/\\]README\.md$/;

/** Where VS Code looks for them in the package: each must be there. */
const requiredFiles = [
  'package.json',
  'readme.md',
  'changelog.md',
  'LICENSE.txt',
  'media/icon.png',
  'dist/client.cjs',
  'dist/server.mjs',
  'dist/host.mjs',
  'dist/cli.mjs',
  'dist/store-thread.mjs',
  'schemas/bulkhead.config.schema.json',
  'docs/rules/circular/import-cycle.md',
  ...runtimePackages.map((name) => `node_modules/${name}/package.json`),
];

/** Nothing else may be there. */
const allowed = [
  /^(package\.json|readme\.md|changelog\.md|LICENSE\.txt|media\/icon\.png|schemas\/[\w.]+\.json)$/,
  /^docs\/rules\/[\w/-]+\.md$/,
  /^dist\/[\w./-]+\.(cjs|mjs)$/,
  /^node_modules\/(oxc-parser|oxc-resolver|typescript7)\/[^]*\.(js|cjs|mjs|json|txt)$/,
  /^node_modules\/@oxc-(parser|resolver)\/binding-[\w-]+\/(package\.json|[\w.-]+\.node)$/,
  /^node_modules\/@typescript\/typescript-[\w-]+\/(package\.json|NOTICE\.txt|lib\/[\w.-]+)$/,
  /^node_modules\/[^]*\/(LICENSE|License\.txt|tsc)$/,
];

if (process.argv[1] === import.meta.filename) await packageExtension();

/** @returns {Promise<string>} the path of the package, checked */
export async function packageExtension() {
  await build('--production');
  const target = targetOf(process.platform, process.arch);
  const packages = stagePackage();
  const vsce = path.join(root, 'node_modules', '@vscode', 'vsce', 'vsce');
  const argv = [vsce, 'package', '--target', target, '--out', vsix, '--no-rewrite-relative-links'];
  const options = ['--allow-missing-repository', '--no-update-package-json'];
  const result = spawnSync(process.execPath, [...argv, ...options], { cwd: stage, encoding: 'utf8' });
  if (result.status !== 0) fail(`vsce package failed:\n${result.stdout}${result.stderr}`);
  check(target, packages, contents(vsix));
  return vsix;
}

/** https://code.visualstudio.com/api/working-with-extensions/publishing-extension#platformspecific-extensions */
function targetOf(platform, arch) {
  const musl = platform === 'linux' && !process.report.getReport().header.glibcVersionRuntime;
  return `${musl ? 'alpine' : platform}-${arch}`;
}

/** Fills out/package/ and returns the names of the packages in its node_modules. */
function stagePackage() {
  rmSync(stage, { recursive: true, force: true });
  mkdirSync(stage, { recursive: true });
  for (const entry of [
    'README.md',
    'CHANGELOG.md',
    'LICENSE',
    '.vscodeignore',
    'media',
    'schemas',
    'docs/rules',
    'dist',
  ]) {
    if (!existsSync(path.join(root, entry))) fail(`${entry} is missing.`);
    cpSync(path.join(root, entry), path.join(stage, entry), { recursive: true });
  }
  const manifest = readJson(path.join(root, 'package.json'));
  for (const key of ['scripts', 'devDependencies', 'allowScripts', 'private']) delete manifest[key];
  manifest.dependencies = Object.fromEntries(runtimePackages.map((name) => [name, manifest.dependencies[name]]));
  writeFileSync(path.join(stage, 'package.json'), JSON.stringify(manifest, null, 2));
  const names = new Set();
  for (const name of runtimePackages) collect(path.join(root, 'package.json'), name, names);
  return [...names];
}

/** Copies a package and what it needs at run time; of the native packages only this platform's is installed. */
function collect(from, name, names) {
  const manifest = manifestOf(from, name);
  if (manifest === undefined || names.has(name)) return;
  names.add(name);
  const types = name.startsWith('@typescript/');
  const filter = (file) => !notAtRunTime.test(file) || (types && file.endsWith('.d.ts'));
  cpSync(path.dirname(manifest), path.join(stage, 'node_modules', name), {
    recursive: true,
    dereference: true,
    filter,
  });
  const { dependencies = {}, optionalDependencies = {} } = readJson(manifest);
  for (const next of Object.keys(dependencies)) collect(manifest, next, names);
  for (const next of Object.keys(optionalDependencies)) collect(manifest, next, names);
}

/** Not resolved as a module: packages need not export their manifest. */
function manifestOf(from, name) {
  return createRequire(from)
    .resolve.paths(name)
    .map((folder) => path.join(folder, name, 'package.json'))
    .find((file) => existsSync(file));
}

/** @returns {{ name: string, size: number }[]} the files of the package, sizes unpacked */
function contents(file) {
  const unpacked = path.join(root, 'out', 'package-unpacked');
  rmSync(unpacked, { recursive: true, force: true });
  mkdirSync(unpacked, { recursive: true });
  // bsdtar (Windows, macOS) reads zip files; elsewhere there is unzip, and Python as the last resort.
  const ways = [
    ['tar', ['-xf', file, '-C', unpacked]],
    ['unzip', ['-q', file, '-d', unpacked]],
    ['python3', ['-m', 'zipfile', '-e', file, unpacked]],
  ];
  if (!ways.some(([command, argv]) => spawnSync(command, argv, { stdio: 'ignore' }).status === 0)) {
    fail(`${file} could not be unpacked for the check: tar, unzip and python3 failed.`);
  }
  const folder = path.join(unpacked, 'extension');
  return readdirSync(folder, { recursive: true })
    .map((name) => ({ name: name.replaceAll('\\', '/'), stat: statSync(path.join(folder, name)) }))
    .filter(({ stat }) => stat.isFile())
    .map(({ name, stat }) => ({ name, size: stat.size }));
}

function check(target, packages, files) {
  const names = new Set(files.map(({ name }) => name));
  const native = packages.filter((name) => /^@(oxc-parser|oxc-resolver|typescript)\//.test(name));
  const missing = [...requiredFiles, ...native.map((name) => `node_modules/${name}/package.json`)].filter(
    (name) => !names.has(name),
  );
  if (native.length < 3) missing.push(`native packages of ${target} (there are: ${native.join(', ') || 'none'})`);
  const surplus = [...names].filter((name) => !allowed.some((pattern) => pattern.test(name)));
  if (missing.length > 0) fail(`The package lacks:\n  ${missing.join('\n  ')}`);
  if (surplus.length > 0) fail(`The package must not have:\n  ${surplus.join('\n  ')}`);
  const unpacked = files.reduce((total, { size }) => total + size, 0);
  console.log(
    `${path.relative(process.cwd(), vsix)}: ${target}, ${files.length} files, ${megabytes(statSync(vsix).size)}`,
  );
  console.log(`(${megabytes(unpacked)} unpacked; of it the product ${megabytes(sizeOf(files, 'dist/'))})`);
}

function sizeOf(files, prefix) {
  return files.filter(({ name }) => name.startsWith(prefix)).reduce((total, { size }) => total + size, 0);
}

function megabytes(bytes) {
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

function fail(message) {
  console.error(`package: ${message}`);
  process.exit(1);
}
