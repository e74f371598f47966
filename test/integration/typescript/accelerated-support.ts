/** A session with an accelerator, asked as the engine asks through the detector. Lives as long as its test. */
import path from 'node:path';
import { accelerated, type AcceleratorSettings } from '../../../workers/detectors/typescript/accelerated.ts';
import { compilerFor } from '../../../workers/detectors/typescript/compiler.ts';
import { openJavascript } from '../../../workers/detectors/typescript/javascript.ts';
import { CheckNotes } from '../../../workers/detectors/typescript/notes.ts';
import type {
  Diagnostic,
  Extent,
  ProjectSink,
  IncrementalSession,
  TypeScriptSession,
} from '../../../workers/detectors/typescript/session.ts';
import { sortedSet } from '../../support/typescript-oracle.ts';
import type { Workspace } from './support.ts';

export interface Asking {
  /** Relative to the root; absent: nobody knows. */
  readonly changed?: readonly string[];
  readonly overlays?: Readonly<Record<string, string>>;
  readonly confirm?: boolean;
  /** False: what is said is the last word. */
  readonly provisional?: boolean;
  readonly signal?: AbortSignal;
  readonly first?: readonly string[];
  /** Called after each file. */
  readonly onAnswer?: (file: string) => void;
}

export interface Answered {
  readonly extent: Extent;
  /** Relative to the root, in the order they were answered for. */
  readonly files: readonly string[];
  readonly speaker: string | undefined;
  readonly again: boolean;
}

export class LiveProject {
  readonly #workspace: Workspace;
  readonly #configFile: string;
  readonly #session: TypeScriptSession;
  readonly own: IncrementalSession;
  readonly log: string[] = [];
  /** What is remembered between sessions. */
  remembered: Readonly<Record<string, string>>;
  #revision = 0;
  #since: number | undefined;
  #lines = new Map<string, readonly string[]>();

  private constructor(
    workspace: Workspace,
    own: IncrementalSession,
    session: (log: (level: string, message: string) => void) => TypeScriptSession,
    remembered: Readonly<Record<string, string>>,
  ) {
    this.#workspace = workspace;
    this.#configFile = path.join(workspace.root, 'tsconfig.json');
    this.own = own;
    this.#session = session((level, message) => this.log.push(`${level} ${message}`));
    this.remembered = remembered;
  }

  static async open(
    workspace: Workspace,
    remembered: Readonly<Record<string, string>> = {},
    settings: Partial<AcceleratorSettings> = {},
  ): Promise<LiveProject> {
    const engine = await compilerFor(workspace.root, 'workspace');
    const own = openJavascript(engine, { root: workspace.root, log: () => {} });
    const open = (log: AcceleratorSettings['log']): TypeScriptSession =>
      accelerated(own, engine, { root: workspace.root, log, version: '1', worthMs: 0, ...settings });
    return new LiveProject(workspace, own, open, remembered);
  }

  async ask(asking: Asking = {}): Promise<Answered> {
    const { changed, overlays = {}, confirm = false, provisional = true, first = [], onAnswer } = asking;
    const { root } = this.#workspace;
    const absolute = (file: string): string => path.join(root, file);
    const texts = new Map(Object.entries(overlays).map(([file, text]) => [absolute(file), text]));
    await this.#session.update({ overlays: texts, ...(changed ? { changed: changed.map(absolute) } : {}) });
    const notes = provisional ? new CheckNotes(this.remembered) : undefined;
    const told = new Map<string, readonly string[]>();
    const about: string[] = [];
    const files: string[] = [];
    let speaker: string | undefined;
    const sink: ProjectSink = {
      begin: () => {},
      answer: (file, diagnostics) => {
        told.set(file, diagnostics.map(lineOf));
        files.push(path.relative(root, file).split(path.sep).join('/'));
        onAnswer?.(file);
        return Promise.resolve();
      },
      project: (diagnostics) => void about.push(...diagnostics.map(lineOf)),
      answeredBy: (engine) => (speaker = engine),
      progress: () => {},
    };
    this.#revision += 1;
    const order = {
      configFile: this.#configFile,
      first: first.map(absolute),
      revision: this.#revision,
      whole: confirm,
      ...(this.#since === undefined || changed === undefined ? {} : { since: this.#since }),
      ...(notes ? { notes } : {}),
    };
    const extent = await this.#session.check(order, sink, asking.signal ?? new AbortController().signal);
    if (extent === 'whole') this.#lines = new Map();
    if (extent !== 'unchanged')
      for (const [file, lines] of [...told, ['', about] as const]) this.#lines.set(file, lines);
    this.#since = this.#revision;
    this.remembered = { ...this.remembered, ...notes?.result.notes };
    return { extent, files, speaker, again: this.#session.needsRevalidation?.(this.#configFile) === true };
  }

  /** Confirms until nothing is left to confirm. @returns how often */
  async settle(asking: Asking = {}, after?: Answered): Promise<number> {
    let answer = after;
    let times = 0;
    while (answer === undefined || answer.again || answer.extent === 'affected') {
      answer = await this.ask({ changed: [], ...asking, confirm: true });
      times += 1;
      if (times > 5) throw new Error(`Never settled: ${this.log.join('\n')}`);
    }
    return times;
  }

  get lines(): readonly string[] {
    return sortedSet([...this.#lines.values()].flat());
  }

  async close(): Promise<void> {
    await this.#session.close();
  }
}

/** What a cold session of the own version says, alone. */
export async function coldLines(
  workspace: Workspace,
  overlays: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  const cold = await LiveProject.open(workspace);
  await cold.ask({ provisional: false, overlays });
  await cold.close();
  return cold.lines;
}

function lineOf({ file, range, code, severity, message }: Diagnostic): string {
  return JSON.stringify([file, range, code, severity, message]);
}
