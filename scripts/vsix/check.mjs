// What may be in a VSIX, what must be, and how large it may be.
import { nativePackages } from './targets.mjs';

/**
 * @typedef {object} PackedFile
 * @property {string} name  relative to the extension's folder, with slashes
 * @property {number} size  bytes, unpacked
 * @property {number} mode  permissions, as POSIX has them
 */

/** Where VS Code looks for them. */
const required = [
  'package.json',
  'package.nls.json',
  'l10n/bundle.l10n.json',
  'readme.md',
  'changelog.md',
  'LICENSE.txt',
  'media/icon.png',
  'media/view.svg',
  'media/walkthrough/problems.md',
  'dist/client.cjs',
  'dist/dashboard/page.js',
  'dist/dashboard/style.css',
  'dist/server.mjs',
  'dist/host.mjs',
  'dist/cli.mjs',
  'dist/store-thread.mjs',
  'dist/metrics.mjs',
  'dist/recheck/browser.js',
  'schemas/bulkhead.config.schema.json',
  'docs/rules/circular/import-cycle.md',
  'node_modules/oxc-parser/package.json',
  'node_modules/oxc-resolver/package.json',
];

const allowed = [
  /^(?:package(?:\.nls(?:\.[\w-]+)?)?\.json|l10n\/bundle\.l10n(?:\.[\w-]+)?\.json|readme\.md|changelog\.md|LICENSE\.txt|media\/(?:icon\.png|view\.svg|walkthrough\/\w+\.md)|schemas\/[\w.]+\.json)$/,
  /^docs\/rules\/[\w/-]+\.md$/,
  /^dist\/recheck\/(?:browser\.js|LICENSE)$/,
  /^dist\/(?:client\.cjs|dashboard\/(?:page\.js|style\.css)|[\w-]+\.mjs)$/,
  /^node_modules\/oxc-(?:parser|resolver)\/[\w/.-]+\.(?:js|cjs|mjs|json)$/,
  /^node_modules\/[\w@/.-]+\/(?:LICENSE(?:\.txt|\.md)?|CopyrightNotice\.txt)$/,
];

const withTypeScript7 = [
  /^dist\/typescript7\/(?:LICENSE|NOTICE\.txt|package\.json|[\w/.-]+\.(?:js|cjs|json|txt))$/,
  /^node_modules\/@oxc-(?:parser|resolver)\/binding-[\w-]+\/(?:package\.json|[\w.-]+\.node)$/,
  /^node_modules\/@typescript\/typescript-[\w-]+\/(?:package\.json|NOTICE\.txt|lib\/(?:tsc|tsc\.exe|lib[\w.]*\.d\.ts))$/,
];

/** WebAssembly, what loads it, and TypeScript 6. */
const withWebAssembly = [
  /^dist\/typescript\/(?:LICENSE\.txt|ThirdPartyNoticeText\.txt|package\.json|lib\/(?:typescript\.js|lib[\w.]*\.d\.ts))$/,
  /^node_modules\/@oxc-(?:parser|resolver)\/binding-wasm32-wasi\/[\w/@.-]+\.(?:js|cjs|mjs|json|wasm)$/,
  /^node_modules\/(?:@emnapi|@napi-rs|@tybys)\/[\w/.-]+\.(?:js|cjs|mjs|json)$/,
  /^node_modules\/tslib\/[\w/.-]+\.(?:js|mjs|json)$/,
];

const typescript6 = ['package.json', 'lib/typescript.js', 'lib/lib.es5.d.ts'].map((file) => `dist/typescript/${file}`);

/** Packages that hold native code of one platform. */
const platformPackage = /^node_modules\/(@oxc-(?:parser|resolver)\/binding-[\w-]+|@typescript\/typescript-[\w-]+)\//;

/**
 * @param {string} name  of the target
 * @param {import('./targets.mjs').Target} target
 * @param {readonly PackedFile[]} files
 * @param {number} bytes  of the VSIX
 * @returns {string[]} what is wrong, a sentence each
 */
export function problemsOf(name, target, files, bytes) {
  const byName = new Map(files.map((file) => [file.name, file]));
  const own = nativePackages(target);
  const problems = [];

  const needed = [
    ...required,
    ...own.flatMap(filesOfNative),
    ...(target.native ? ['dist/typescript7/package.json'] : typescript6),
  ];
  for (const file of needed) {
    if (!byName.get(file)?.size) problems.push(`${file} is missing.`);
  }
  const patterns = [...allowed, ...(target.native ? withTypeScript7 : withWebAssembly)];
  for (const file of byName.keys()) {
    const platform = platformPackage.exec(file)?.[1];
    if (platform !== undefined && !own.includes(platform)) problems.push(`${file} is not for ${name}.`);
    else if (!patterns.some((pattern) => pattern.test(file))) problems.push(`${file} must not be there.`);
  }
  for (const { name: file, mode } of files) {
    if (/\/lib\/tsc$/.test(file) && (mode & 0o111) === 0) problems.push(`${file} is not executable.`);
  }
  const megabytes = bytes / 1024 / 1024;
  if (megabytes > target.maxMegabytes) {
    problems.push(`It has ${megabytes.toFixed(1)} MB; at most ${target.maxMegabytes} MB are meant.`);
  }
  return problems;
}

/** Each of them without its program would be a package that only looks complete. */
function filesOfNative(name) {
  const folder = `node_modules/${name}`;
  const [, kind, platform] = /^@[\w-]*?(parser|resolver|typescript)\/(?:binding|typescript)-(.*)$/.exec(name);
  if (kind === 'typescript') {
    const program = platform.startsWith('win32') ? 'tsc.exe' : 'tsc';
    return ['package.json', `lib/${program}`, 'lib/lib.es5.d.ts'].map((file) => `${folder}/${file}`);
  }
  const extension = platform.startsWith('wasm32') ? 'wasm' : 'node';
  return [`${folder}/package.json`, `${folder}/${kind}.${platform}.${extension}`];
}
