/**
 * svelte-check, run through its command line once for each state of the files: it brings its language server along
 * without exporting it. One process per check, which reads unsaved texts too.
 */
import { createRequire } from 'node:module';
import path from 'node:path';
import { getHeapStatistics } from 'node:v8';
import type { Range } from '../../../protocol/detector-protocol.ts';
import { isRecord, jsonOf } from '../../../reading/config-file.ts';
import { runToEnd } from '../../../runtime/run-to-end.ts';
import { AnswerHistory } from '../answer-history.ts';
import {
  CompilerExited,
  editedFiles,
  NOWHERE,
  type Changes,
  type Diagnostic,
  type Extent,
  type ProjectRequest,
  type ProjectSink,
  type SessionSettings,
  type TypeScriptSession,
} from '../session.ts';
import { packageFolderOf, scriptArguments, type Checker } from './checkers.ts';
import { setupArgument, setupInput } from './child-setup.ts';

export function openSvelteCheck(checker: Checker, settings: SessionSettings): TypeScriptSession {
  return new SvelteCheckSession(checker, settings);
}

class SvelteCheckSession implements TypeScriptSession {
  readonly #checker: Checker;
  readonly #settings: SessionSettings;
  #unsaved: ReadonlyMap<string, string> = new Map();
  /** By tsconfig. */
  readonly #projects = new Map<string, AnswerHistory<undefined>>();

  constructor(checker: Checker, settings: SessionSettings) {
    this.#checker = checker;
    this.#settings = settings;
  }

  update({ overlays, changed }: Changes): Promise<void> {
    const touched = [...(changed ?? []), ...editedFiles(this.#unsaved, overlays)];
    this.#unsaved = overlays;
    if (changed === undefined) this.#projects.clear();
    for (const history of this.#projects.values()) for (const file of touched) history.touch(file);
    return Promise.resolve();
  }

  /** A run takes seconds, so after an edit there is one only once it is quiet. */
  async check(order: ProjectRequest, sink: ProjectSink, signal: AbortSignal): Promise<Extent> {
    const { configFile, revision, since, whole } = order;
    const history = this.#projects.get(configFile) ?? new AnswerHistory<undefined>();
    this.#projects.set(configFile, history);
    const known = history.asked(since);
    if (known && !whole) {
      if (known.touched.size > 0) {
        history.postponed(revision);
        return 'later';
      }
      history.gave(revision, undefined);
      return 'unchanged';
    }
    const found = await this.#run(configFile, signal);
    for (const [file, diagnostics] of Map.groupBy(found, (diagnostic) => diagnostic.file)) {
      if (file === undefined || file.endsWith('.json')) sink.project(diagnostics);
      else await sink.answer(file, diagnostics);
    }
    history.gave(revision, undefined);
    return 'whole';
  }

  trim(): void {
    // Nothing is in memory between checks.
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #run(configFile: string, signal: AbortSignal): Promise<readonly Diagnostic[]> {
    const { root, log } = this.#settings;
    const { version, directory } = this.#checker;
    const folder = packageFolderOf(root, path.dirname(configFile));
    const given = keptArguments(scriptArguments(root, path.dirname(configFile), 'svelte-check'));
    const args = ['--workspace', folder, '--tsconfig', configFile, '--output', 'machine-verbose', ...given];
    const heap = Math.floor(getHeapStatistics().heap_size_limit / 1024 / 1024);
    const { failure, output, errors } = await runToEnd({
      name: `svelte-check ${version}`,
      command: process.execPath,
      args: [`--max-old-space-size=${String(heap)}`, setupArgument(), commandIn(directory), ...args],
      cwd: folder,
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
      input: setupInput(this.#unsaved),
      signal,
    });
    const found = parseSvelteCheck(output, folder);
    if (found) {
      if (errors !== '') log('debug', `svelte-check ${version}: ${errors.slice(-2000)}`);
      return found;
    }
    throw new CompilerExited(
      `svelte-check ${version} failed (${failure ?? 'no report'}): ${failureIn(output) ?? errors.slice(-2000).trim()}`,
    );
  }
}

/** Options of the project's own script that say what is reported. */
const KEPT = new Set(['--compiler-warnings', '--diagnostic-sources', '--threshold', '--config']);

function keptArguments(given: readonly string[]): readonly string[] {
  return given.flatMap((argument, index) => {
    if (KEPT.has(argument)) return [argument, given[index + 1] ?? ''];
    return KEPT.has(argument.split('=', 1)[0] ?? '') ? [argument] : [];
  });
}

function commandIn(directory: string): string {
  const { bin } = createRequire(path.join(directory, 'package.json'))('./package.json') as { bin?: unknown };
  return path.join(directory, typeof bin === 'string' ? bin : 'bin/svelte-check');
}

/**
 * Reads the output `machine-verbose`.
 * @param folder absolute path of the workspace that it was told
 * @returns undefined: it did not end well
 */
export function parseSvelteCheck(output: string, folder: string): readonly Diagnostic[] | undefined {
  const found: Diagnostic[] = [];
  let isComplete = false;
  for (const line of output.split(/\r?\n/)) {
    const [, rest = ''] = /^\d+ (.*)$/.exec(line) ?? [];
    if (rest.startsWith('COMPLETED ')) isComplete = true;
    const printed = rest.startsWith('{') ? jsonOf(rest) : undefined;
    if (isRecord(printed)) found.push(diagnosticOf(printed as unknown as Printed, folder));
  }
  return isComplete ? found : undefined;
}

interface Printed {
  readonly type: 'ERROR' | 'WARNING';
  readonly filename: string;
  readonly start?: Range['start'];
  readonly end?: Range['end'];
  readonly message: string;
  readonly code?: number | string;
  readonly source?: string;
}

function diagnosticOf(printed: Printed, folder: string): Diagnostic {
  const { type, filename, start, end, message, code, source = 'svelte' } = printed;
  return {
    file: path.resolve(folder, filename),
    range: start && end ? { start, end } : NOWHERE,
    ...(typeof code === 'number' ? { code } : { code: 0, rule: code ?? source }),
    severity: type === 'ERROR' ? 'error' : 'warning',
    message,
  };
}

function failureIn(output: string): string | undefined {
  return /^\d+ FAILURE (.*)$/m.exec(output)?.[1];
}
