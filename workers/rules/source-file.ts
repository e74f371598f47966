/** A file as rules see it: its text, and the tree and the names of each of its scripts. Lives as long as its check. */
import path from 'node:path';
import { isTestPath, isToolPath } from '../graph/file-roles.ts';
import { isMarkedGenerated, isMinified } from '../graph/generated.ts';
import { parseScripts } from '../graph/record.ts';
import { Names } from './names.ts';
import { Tree } from './tree.ts';

export interface Script {
  readonly tree: Tree;
  readonly names: Names;
}

const SUITE = /^\s*(?:describe|context|suite|it|test)(?:\.\w+)*\s*\(/m;

export class SourceFile {
  readonly file: string;
  readonly text: string;
  readonly scripts: readonly Script[];
  #deadline: number;
  #steps = 0;
  #missesSome = false;

  private constructor(file: string, text: string, scripts: readonly Script[], deadline: number) {
    this.file = file;
    this.text = text;
    this.scripts = scripts;
    this.#deadline = deadline;
  }

  /** @returns undefined: nobody wrote this file, or it has a syntax error, which compilers report */
  static parse(file: string, text: string, deadline: number): SourceFile | undefined {
    if (isMarkedGenerated(text) || isMinified(text)) return undefined;
    const trees = parseScripts(file, text, true);
    if (trees === undefined) return undefined;
    const scripts = trees.map(({ program }) => {
      const tree = new Tree(program);
      return { tree, names: new Names(tree) };
    });
    return new SourceFile(file, text, scripts, deadline);
  }

  get extension(): string {
    return path.posix.extname(this.file);
  }

  /** Tests, their helpers and examples: what they do harms nobody. */
  get isTest(): boolean {
    return isTestPath(this.file);
  }

  /** A file of tests, by its path and by what it calls. What it does with a request, it has sent itself. */
  get isSuite(): boolean {
    return this.isTest && SUITE.test(this.text);
  }

  /** Shows how something is used, with keys that open nothing. */
  get isExample(): boolean {
    return /(?:^|\/)(?:examples?|demos?)\//.test(this.file);
  }

  /** Scripts, configurations and build tools: they run once, for their author. */
  get isTool(): boolean {
    return isToolPath(this.file);
  }

  /** Runs what limits its time itself: it costs the other rules none of theirs. */
  withoutCounting<Result>(run: () => Result): Result {
    const started = performance.now();
    try {
      return run();
    } finally {
      this.#deadline += performance.now() - started;
    }
  }

  /** A rule left something out, for lack of time. */
  missesSome(): void {
    this.#missesSome = true;
  }

  get isIncomplete(): boolean {
    return this.#missesSome;
  }

  /**
   * Rules that may take long call this now and then.
   * @throws TooSlow
   */
  step(): void {
    if ((++this.#steps & 0xff) === 0 && performance.now() > this.#deadline) throw new TooSlow();
  }
}

/** The check of a file took longer than it may. */
export class TooSlow extends Error {}
