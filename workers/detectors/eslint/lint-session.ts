/**
 * A warm ESLint instance for one root. Lives from the first check of the root until its configuration may have changed;
 * loaded modules and TypeScript programs outlive it.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import semver from 'semver';
import type { Finding } from '../../protocol/detector-protocol.ts';
import { isTyped, loadEslint } from './installation.ts';
import type { EslintInstallation, Eslint, LintResult, LintTimes } from './installation.ts';
import { toFindings, toRuleErrorFinding } from './findings.ts';
import { configsFor, filesUnder, isUnder } from './roots.ts';
import type { Program } from './program.ts';
import { withProgram } from './linted-program.ts';
import { BulkSuppressions } from './bulk-suppressions.ts';
import { readBytes } from '../../protocol/read-file.ts';

const STATS_SINCE = '9.0.0';
/** Since this version, a file uses its nearest flat configuration; before, that of the working directory. */
const NEAREST_CONFIG_SINCE = '10.0.0';
/** With more changed files, new TypeScript programs are cheaper than refreshing the old ones. */
const MOST_REFRESHED = 20;
/** Files that may be part of a TypeScript program. */
const SOURCE = /\.(?:[cm]?[jt]sx?|json|vue|svelte|astro)$/;

/** Thrown by {@link LintSession.lint}: this file cannot be linted because its configuration cannot be used. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

export interface Linted {
  readonly findings: readonly Finding[];
  /** The TypeScript program it was linted with. */
  readonly program?: Program;
}

/** The input of {@link LintSession.refreshTypes}. */
export interface Sources {
  /** Absolute paths of the files open in the editor. */
  readonly buffers: readonly string[];
  readonly signal: AbortSignal;
  readonly textOf: (file: string) => Promise<string>;
  /** Called before a file is parsed. */
  readonly begin: (file: string) => void;
}

export class LintSession {
  /** Whether it was opened to measure the time of each rule. */
  readonly timed: boolean;
  #timings: Record<string, number> = {};
  readonly #directory: string;
  readonly #engine: EslintInstallation;
  readonly #eslint: Eslint;
  readonly #suppressions: BulkSuppressions;
  readonly #urls = new Map<string, string | undefined>();
  /** The state that TypeScript programs know; undefined: there are none, or a refresh is under way. */
  #types: { readonly era: number; readonly files: ReadonlySet<string> } | undefined;
  #hasPrograms = false;
  /** Files that changed since the last refresh of type information. */
  readonly #changed = new Set<string>();

  private constructor(
    directory: string,
    engine: EslintInstallation,
    eslint: Eslint,
    suppressions: BulkSuppressions,
    timed: boolean,
  ) {
    this.timed = timed;
    this.#directory = directory;
    this.#engine = engine;
    this.#eslint = eslint;
    this.#suppressions = suppressions;
  }

  /**
   * @param directory absolute, where `eslint` would be run
   * @throws {EngineError | SyntaxError}
   */
  static async open(directory: string, timed: boolean): Promise<LintSession> {
    const engine = await loadEslint(directory);
    const suppressions = BulkSuppressions.load(directory, engine.version);
    // The class for eslintrc takes no `stats`.
    const hasStats = engine.configType === 'flat' && semver.gte(engine.version, STATS_SINCE);
    const eslint = engine.create({ cwd: directory, ...(timed && hasStats ? { stats: true } : {}) });
    return new LintSession(directory, engine, eslint, suppressions, timed);
  }

  /**
   * @param file absolute
   * @throws {ConfigurationError}
   */
  async lint(file: string, text: string): Promise<Linted> {
    let result: LintResult | undefined;
    let program: Program | undefined;
    try {
      [[result], program] = await withProgram(this.#engine.linter, () =>
        this.#eslint.lintText(text, { filePath: file, warnIgnored: false }),
      );
    } catch (error) {
      if (await this.#isConfigurable(file)) return { findings: [toRuleErrorFinding(error)] };
      throw new ConfigurationError(error instanceof Error ? error.message : String(error), { cause: error });
    }
    if (!result) return { findings: [] };
    if (result.stats) this.#addTimes(result.stats.times);
    const shown = this.#suppressions.apply(file, result.messages);
    const linted = result;
    return {
      findings: toFindings(shown, text, (ruleId) => this.#urlOf(ruleId, linted)),
      ...(program === undefined ? {} : { program }),
    };
  }

  /** @param file absolute; its text on disk or in the editor has changed */
  recordChange(file: string): void {
    if (SOURCE.test(file)) this.#changed.add(file);
  }

  /**
   * Brings type information up to date with all recorded changes and open buffers. Programs do not notice changes, but
   * linting the current text of a file updates them, in both of typescript-eslint's modes. If files were added or
   * deleted, or many changed, all programs are dropped.
   * @param next the file that is linted next and so needs no refresh
   * @throws the signal's reason when aborted; the next refresh does the rest
   */
  async refreshTypes(next: string, sources: Sources): Promise<void> {
    const changed = [...this.#changed];
    const types = this.#types;
    this.#types = undefined;
    const canRefresh =
      types?.era === programEra &&
      changed.length <= MOST_REFRESHED &&
      changed.every((file) => types.files.has(file) && existsSync(file));
    if (canRefresh && (await this.#refresh(changed, next, sources))) {
      this.#types = types;
    } else {
      if (this.#hasPrograms) forgetPrograms();
      this.#hasPrograms = true;
      const files = new Set(filesUnder(this.#directory));
      await this.#refresh(sources.buffers, next, sources);
      this.#types = { era: programEra, files };
    }
    for (const file of changed) this.#changed.delete(file);
  }

  /** @returns false: a file may be part of a program, but is not linted with type information */
  async #refresh(files: readonly string[], next: string, { textOf, begin, signal }: Sources): Promise<boolean> {
    let all = true;
    for (const file of files.filter((each) => each !== next && isUnder(each, this.#directory))) {
      signal.throwIfAborted();
      begin(file);
      try {
        if (isTyped(await this.#eslint.calculateConfigForFile(file))) {
          await this.#eslint.lintText(await textOf(file), { filePath: file, warnIgnored: false });
        } else {
          all = false;
        }
      } catch {
        // The error is reported when the file itself is linted.
      }
    }
    return all;
  }

  /** Absolute path of the configuration that applies to a file. */
  configOf(file: string): string | undefined {
    const { configType, version } = this.#engine;
    const nearest = configType === 'eslintrc' || semver.gte(version, NEAREST_CONFIG_SINCE);
    return configsFor(nearest ? path.dirname(file) : this.#directory)[configType];
  }

  /** Milliseconds by rule and for `parse` since the last call; empty unless the session is `timed`. */
  takeTimings(): Readonly<Record<string, number>> {
    const timings = this.#timings;
    this.#timings = {};
    return timings;
  }

  async #isConfigurable(file: string): Promise<boolean> {
    try {
      await this.#eslint.calculateConfigForFile(file);
      return true;
    } catch {
      return false;
    }
  }

  #urlOf(ruleId: string, result: LintResult): string | undefined {
    if (!this.#urls.has(ruleId)) {
      const url = this.#eslint.getRulesMetaForResults([result])[ruleId]?.docs?.url;
      this.#urls.set(ruleId, typeof url === 'string' && url !== '' ? url : undefined);
    }
    return this.#urls.get(ruleId);
  }

  #addTimes({ passes }: LintTimes): void {
    const add = (name: string, total: number): void => {
      this.#timings[name] = (this.#timings[name] ?? 0) + total;
    };
    for (const pass of passes) {
      if (pass.parse) add('parse', pass.parse.total);
      for (const [rule, { total }] of Object.entries(pass.rules ?? {})) add(rule, total);
    }
  }
}

/** Keeps a byte order mark, as ESLint does, for the rule about it. */
export async function readSource(file: string): Promise<string> {
  return (await readBytes(file)).toString();
}

/** Incremented when all programs are dropped. */
let programEra = 0;

/**
 * Makes every copy of typescript-eslint's parser in this process drop its programs, because they do not notice added,
 * deleted or changed files other than those they parse.
 */
export function forgetPrograms(): void {
  programEra += 1;
  for (const [name, module] of Object.entries(createRequire(import.meta.url).cache)) {
    if (!/[\\/]@typescript-eslint[\\/](?:parser|typescript-estree)[\\/]dist[\\/]index\.js$/.test(name)) continue;
    const { clearCaches } = (module?.exports ?? {}) as { clearCaches?: unknown };
    if (typeof clearCaches === 'function') (clearCaches as () => void)();
  }
}
