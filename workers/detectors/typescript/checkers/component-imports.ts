/**
 * TypeScript alone knows nothing of components: it reports imports of them as missing, although the files are there, and
 * their named exports too. Such diagnostics are left out. Lives as long as one check of one project.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { ResolverFactory } from 'oxc-resolver';
import type { Diagnostic, ProjectSink } from '../session.ts';

/** No such module (with a hint, as a side effect, without types); no such export (with suggestions, in a namespace). */
const MISSING: ReadonlySet<number> = new Set([2307, 2792, 2882, 7016, 2305, 2614, 2724, 2694]);

/** The name of a component in quotes, whatever the language of the message. */
const NAMED = /["']([^"'?]*\.(?:vue|svelte|astro))(?:\?[^"']*)?["']/;

export class ComponentImports implements ProjectSink {
  readonly #sink: ProjectSink;
  readonly #configFile: string;
  #resolver: ResolverFactory | undefined;
  /** A component was imported that is not there. */
  missesSome = false;

  /** @param configFile absolute path of the tsconfig */
  constructor(sink: ProjectSink, configFile: string) {
    this.#sink = sink;
    this.#configFile = configFile;
  }

  begin(file: string): void {
    this.#sink.begin(file);
  }

  answer(file: string, diagnostics: readonly Diagnostic[]): Promise<void> {
    return this.#sink.answer(
      file,
      diagnostics.filter((diagnostic) => !this.#isUnjustified(file, diagnostic)),
    );
  }

  project(diagnostics: readonly Diagnostic[]): void {
    this.#sink.project(diagnostics);
  }

  answeredBy(engine: string): void {
    this.#sink.answeredBy(engine);
  }

  progress(done: number, total: number): void {
    this.#sink.progress(done, total);
  }

  #isUnjustified(file: string, { code, message }: Diagnostic): boolean {
    const name = MISSING.has(code) ? NAMED.exec(message)?.[1] : undefined;
    if (name === undefined) return false;
    const isThere = this.#isThere(path.dirname(file), name);
    if (!isThere) this.missesSome = true;
    return isThere;
  }

  #isThere(directory: string, name: string): boolean {
    // An ambient module such as `declare module '*.vue'` stands for all of them, and knows the exports of none.
    if (name.includes('*')) return true;
    if (/^\.{0,2}\//.test(name) || path.isAbsolute(name)) return existsSync(path.resolve(directory, name));
    this.#resolver ??= new ResolverFactory({
      tsconfig: { configFile: this.#configFile, references: 'auto' },
      extensions: [],
      conditionNames: ['svelte', 'types', 'import', 'default'],
    });
    return this.#resolver.sync(directory, name).path !== undefined;
  }
}
