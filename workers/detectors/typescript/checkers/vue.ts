/**
 * vue-tsc 2 and 3: TypeScript's JavaScript API, with vue-tsc's own plugins in front of it. vue-tsc hands its plugins to
 * `runTsc` of `@volar/typescript`, which starts a patched `tsc` with them; they are taken there, and given to
 * `proxyCreateProgram` of the same package instead, so that programs stay warm and see unsaved texts.
 */
import { createRequire } from 'node:module';
import path from 'node:path';
import type ts from 'typescript';
import type { ComponentLanguage } from '../javascript.ts';
import type { TypeScript } from '../javascript-host.ts';
import { slashed } from '../text.ts';
import type { Checker } from './checkers.ts';

/** What is used of a language plugin. */
interface LanguagePlugin {
  readonly typescript?: { readonly extraFileExtensions: readonly ts.FileExtensionInfo[] };
}

type Plugins = readonly LanguagePlugin[] | { readonly languagePlugins: readonly LanguagePlugin[] };

type GetPlugins = (typescript: TypeScript, options: ts.CreateProgramOptions) => Plugins;

interface RunTsc {
  runTsc: (tsc: string, extensions: unknown, plugins: GetPlugins) => void;
}

interface ProxyCreateProgram {
  proxyCreateProgram(typescript: TypeScript, original: CreateProgram, plugins: GetPlugins): CreateProgram;
}

type CreateProgram = (options: ts.CreateProgramOptions) => ts.Program;

/** @throws if this version of vue-tsc works in another way */
export function vueLanguage({ directory, version, compiler }: Checker): ComponentLanguage {
  const load = createRequire(path.join(directory, 'package.json'));
  const { proxyCreateProgram } = load('@volar/typescript/lib/node/proxyCreateProgram') as ProxyCreateProgram;
  const own = takePlugins(load, directory, path.join(compiler.directory, 'lib', 'tsc.js'));
  if (!own) throw new Error(`vue-tsc ${version} does not hand over its plugins. Install another version of it`);

  return (typescript, disk, configFile) => {
    const seen = Object.create(typescript, { sys: { value: disk.system } }) as TypeScript;
    const plugins: GetPlugins = (_, options) => {
      try {
        return own(seen, options);
      } catch {
        // It wants to start again when a configuration names further extensions, which it knows from now on.
        return own(seen, options);
      }
    };
    const configFilePath = slashed(configFile);
    const host = disk.hostFor({ configFilePath });
    const given = plugins(seen, { rootNames: [], options: { configFilePath }, host });
    const create = proxyCreateProgram(typescript, typescript.createProgram, plugins);
    return {
      extensions: ('languagePlugins' in given ? given.languagePlugins : given).flatMap(
        (plugin) => plugin.typescript?.extraFileExtensions ?? [],
      ),
      create: ({ options, rootNames, ...rest }) =>
        create({ ...rest, rootNames: [...rootNames], options: { ...options, allowNonTsExtensions: true } }),
    };
  };
}

function takePlugins(load: NodeJS.Require, directory: string, tsc: string): GetPlugins | undefined {
  const volar = load('@volar/typescript/lib/quickstart/runTsc') as RunTsc;
  const { run } = load(directory) as { run(tsc: string): void };
  const { runTsc } = volar;
  let taken: GetPlugins | undefined;
  volar.runTsc = (_tsc, _extensions, plugins) => {
    taken = plugins;
  };
  try {
    run(tsc);
  } finally {
    volar.runTsc = runTsc;
  }
  return taken;
}
