// The platforms that Bulkhead is packaged for, one VSIX each, and one for all others. The names are those of `vsce`:
// https://code.visualstudio.com/api/working-with-extensions/publishing-extension#platformspecific-extensions

/**
 * @typedef {object} Target
 * @property {string} os  as npm names it
 * @property {string} cpu
 * @property {string} [libc]
 * @property {string} binding  last part of the name of the native packages of oxc-parser and oxc-resolver
 * @property {boolean} native  with TypeScript 7, whose program is native; otherwise with TypeScript 6
 * @property {number} maxMegabytes  of the VSIX; what is above has something in it that nobody meant
 */

/** @type {Readonly<Record<string, Target>>} */
export const targets = {
  'linux-x64': { os: 'linux', cpu: 'x64', libc: 'glibc', binding: 'linux-x64-gnu', native: true, maxMegabytes: 14 },
  'linux-arm64': {
    os: 'linux',
    cpu: 'arm64',
    libc: 'glibc',
    binding: 'linux-arm64-gnu',
    native: true,
    maxMegabytes: 14,
  },
  // The program of TypeScript 7 is linked statically: that of linux runs on musl too.
  'alpine-x64': { os: 'linux', cpu: 'x64', libc: 'musl', binding: 'linux-x64-musl', native: true, maxMegabytes: 14 },
  'alpine-arm64': {
    os: 'linux',
    cpu: 'arm64',
    libc: 'musl',
    binding: 'linux-arm64-musl',
    native: true,
    maxMegabytes: 14,
  },
  'darwin-x64': { os: 'darwin', cpu: 'x64', binding: 'darwin-x64', native: true, maxMegabytes: 14 },
  'darwin-arm64': { os: 'darwin', cpu: 'arm64', binding: 'darwin-arm64', native: true, maxMegabytes: 14 },
  'win32-x64': { os: 'win32', cpu: 'x64', binding: 'win32-x64-msvc', native: true, maxMegabytes: 14 },
  'win32-arm64': { os: 'win32', cpu: 'arm64', binding: 'win32-arm64-msvc', native: true, maxMegabytes: 14 },
  // WebAssembly runs everywhere and is small: the natives of the eight above together would be ten times as much, and
  // still serve no other platform.
  universal: { os: 'none', cpu: 'wasm32', binding: 'wasm32-wasi', native: false, maxMegabytes: 7 },
};

/** The target of this machine; `universal` where there is no other. */
export function ownTarget() {
  const { platform, arch } = process;
  const musl = platform === 'linux' && !process.report.getReport().header.glibcVersionRuntime;
  const name = `${musl ? 'alpine' : platform}-${arch}`;
  return Object.hasOwn(targets, name) ? name : 'universal';
}

/** Names of the packages with native code (or its WebAssembly) that this target's VSIX has, and no other's. */
export function nativePackages({ os, cpu, binding, native }) {
  const bindings = [`@oxc-parser/binding-${binding}`, `@oxc-resolver/binding-${binding}`];
  return native ? [...bindings, `@typescript/typescript-${os}-${cpu}`] : bindings;
}
