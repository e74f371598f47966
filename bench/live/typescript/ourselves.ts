/** The detector as the engine drives it, and the bare engine on the same edit, which shows what one file costs by itself. */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { createRequire } from 'node:module';
import type ts from 'typescript';
import type * as NativeApi from 'typescript7/unstable/async';
import type { Compiler } from '../../../workers/detectors/typescript/compiler.ts';
import { detector } from '../../../workers/detectors/typescript/index.ts';
import type { CheckRequest, DetectorOptions } from '../../../workers/protocol/detector-protocol.ts';
import { contextFor } from '../../typescript/context.ts';
import type { Contender, Times } from './contenders.ts';

export interface DetectorTimes extends Times {
  /** To the last word, when it was asked for at leisure. */
  readonly confirmed: number;
  /** Files that were answered for at once. */
  readonly files: number;
}

/** @param live text is unsaved, as in an editor */
export function bulkhead(
  root: string,
  project: string,
  options: DetectorOptions,
): Contender & {
  edit(file: string, text: string): Promise<DetectorTimes>;
} {
  let revision = 0;
  let since: Readonly<Record<string, number>> = {};
  const check = async (
    extra: Partial<CheckRequest>,
  ): Promise<{ own: number | undefined; all: number; files: number }> => {
    revision += 1;
    const started = performance.now();
    const wanted = extra.first?.[0];
    let own: number | undefined;
    let files = 0;
    const context = contextFor({
      done: (_unit, file) => {
        files += 1;
        if (file === wanted) own ??= performance.now() - started;
        return Promise.resolve();
      },
    });
    const units = [{ id: project, kind: 'project' as const, group: '', file: project }];
    const request = { detector: 'typescript', root, options, revision, units, overlays: [], first: [], ...extra };
    await detector.check(request, context);
    since = { [project]: revision };
    return { own, all: performance.now() - started, files };
  };
  return {
    name: 'Bulkhead',
    start: async () => (await check({ first: [] })).all,
    edit: async (file, text) => {
      const name = path.relative(root, file).split(path.sep).join('/');
      const overlays = [{ file: name, text, version: revision }];
      const started = performance.now();
      const { own, all, files } = await check({ overlays, first: [name], changed: [name], since });
      await check({ overlays, first: [name], changed: [], since, revalidate: true });
      return { ...(own === undefined ? {} : { own }), all, confirmed: performance.now() - started, files };
    },
    stop: async () => detector.dispose?.(),
  };
}

/** The engine's own time for one file after an edit, with everything warm and nothing of ours. */
export function bare(engine: Compiler, root: string, config: string): Contender {
  return engine.kind === 'native' ? bareNative(engine, root, config) : bareJavascript(engine, config);
}

function bareJavascript(engine: Compiler, config: string): Contender {
  const typescript = createRequire(engine.entry)(engine.entry) as typeof ts;
  let program: ts.Program | undefined;
  let host: ts.CompilerHost | undefined;
  const texts = new Map<string, string>();
  const sources = new Map<string, ts.SourceFile | undefined>();
  return {
    name: 'engine alone',
    start: () => {
      const started = performance.now();
      const fatal = (): never => {
        throw new Error(config);
      };
      const parsed = typescript.getParsedCommandLineOfConfigFile(
        config,
        { noEmit: true },
        { ...typescript.sys, onUnRecoverableConfigFileDiagnostic: fatal },
      );
      if (!parsed) fatal();
      else {
        const plain = typescript.createCompilerHost(parsed.options);
        host = {
          ...plain,
          getSourceFile: (file, ...rest) => {
            const text = texts.get(file);
            if (text === undefined) {
              if (!sources.has(file)) sources.set(file, plain.getSourceFile(file, ...rest));
              return sources.get(file);
            }
            return typescript.createSourceFile(file, text, ...(rest.slice(0, 1) as [ts.ScriptTarget]));
          },
        };
        program = typescript.createProgram({ rootNames: parsed.fileNames, options: parsed.options, host });
      }
      return Promise.resolve(performance.now() - started);
    },
    edit: (file, text) => {
      if (!program || !host) throw new Error('not started');
      texts.set(file, text);
      const started = performance.now();
      const rootNames = program.getRootFileNames();
      program = typescript.createProgram({
        rootNames,
        options: program.getCompilerOptions(),
        host,
        oldProgram: program,
      });
      const source = program.getSourceFile(file);
      if (!source) throw new Error(`${file} is not of the program`);
      program.getSyntacticDiagnostics(source);
      program.getSemanticDiagnostics(source);
      return Promise.resolve({ own: performance.now() - started });
    },
    stop: () => {
      program = undefined;
      sources.clear();
      return Promise.resolve();
    },
  };
}

function bareNative(engine: Compiler, root: string, config: string): Contender {
  let api: NativeApi.API | undefined;
  const texts = new Map<string, string>();
  return {
    name: 'engine alone',
    start: async () => {
      const started = performance.now();
      const { API } = (await import(pathToFileURL(engine.entry).href)) as typeof NativeApi;
      const fs = { readFile: (file: string) => texts.get(file) };
      api = new API({ cwd: root, tsserverPath: engine.executable, fs });
      await api.updateSnapshot({ openProjects: [config] });
      return performance.now() - started;
    },
    edit: async (file, text) => {
      texts.set(file, text);
      const started = performance.now();
      const snapshot = await api?.updateSnapshot({ openProjects: [config], fileChanges: { changed: [file] } });
      const program = snapshot?.getProject(config)?.program;
      await program?.getSyntacticDiagnostics(file);
      await program?.getSemanticDiagnostics(file);
      return { own: performance.now() - started };
    },
    stop: async () => api?.close(),
  };
}
