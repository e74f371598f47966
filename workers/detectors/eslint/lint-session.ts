/**
 * One ESLint kept warm for one root. It lives from the first check of that root until its configuration may have
 * changed, then a new one takes its place; loaded modules and TypeScript programs outlive it.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
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

const STATS_SINCE = '9.0.0';
/** From then on a file's flat configuration is the nearest one, before that the working directory's. */
const NEAREST_CONFIG_SINCE = '10.0.0';
/** More changed files than this, and making TypeScript programs anew is cheaper than showing them each change. */
const MOST_REFRESHED = 20;
/** What may be part of a TypeScript program. */
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

/** Where {@link LintSession.refreshTypes} finds what it needs. */
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
  /** What TypeScript programs were told; undefined before there are any, or while they are being told. */
  #types: { readonly era: number; readonly files: ReadonlySet<string> } | undefined;
  #hasPrograms = false;
  /** Files that changed since type information was last brought up to date. */
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

  /** @param file absolute; its text on the disk or in the editor is not what it was */
  recordChange(file: string): void {
    if (SOURCE.test(file)) this.#changed.add(file);
  }

  /**
   * Makes type information true to all noted changes and to all open buffers. Programs do not notice by themselves,
   * but from parsing the present text of a file they know, in both of typescript-eslint's ways of making programs.
   * Where files appeared or went, or many changed, programs are made anew.
   * @param next the file to be linted next, which therefore need not be parsed before
   * @throws the signal's reason when aborted; what was not done is done the next time
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

  /** @returns false: one of them may be part of a program, but is not linted with type information */
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
        // Whatever it is, it is told when the file itself is linted.
      }
    }
    return all;
  }

  /** The configuration to blame when a file's cannot be used, absolute. */
  configOf(file: string): string | undefined {
    const { configType, version } = this.#engine;
    const nearest = configType === 'eslintrc' || semver.gte(version, NEAREST_CONFIG_SINCE);
    return configsFor(nearest ? path.dirname(file) : this.#directory)[configType];
  }

  /** Milliseconds by rule, and `parse`, since this was last called; empty unless opened for it. */
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

/** As ESLint reads it: a byte order mark stays, for the rule about it. */
export async function readSource(file: string): Promise<string> {
  return readFile(file, 'utf8');
}

/** Counts how often programs were forgotten, and with them what sessions told them. */
let programEra = 0;

/**
 * Makes every copy of typescript-eslint's parser in this process forget its programs: they do not notice by themselves
 * that files appeared, went or changed, other than those they are given to parse.
 */
export function forgetPrograms(): void {
  programEra += 1;
  for (const [name, module] of Object.entries(createRequire(import.meta.url).cache)) {
    if (!/[\\/]@typescript-eslint[\\/](?:parser|typescript-estree)[\\/]dist[\\/]index\.js$/.test(name)) continue;
    const { clearCaches } = (module?.exports ?? {}) as { clearCaches?: unknown };
    if (typeof clearCaches === 'function') (clearCaches as () => void)();
  }
}
