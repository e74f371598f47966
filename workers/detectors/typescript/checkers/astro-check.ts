/**
 * @astrojs/check through the class that its command uses, in this process: one checker per project, kept warm. Its
 * TypeScript reads unsaved texts.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type ts from 'typescript';
import type { Range, Severity } from '../../../protocol/detector-protocol.ts';
import { AnswerHistory } from '../answer-history.ts';
import type { TypeScript } from '../javascript-host.ts';
import {
  editedFiles,
  type Changes,
  type Diagnostic,
  type Extent,
  type ProjectRequest,
  type ProjectSink,
  type TypeScriptSession,
} from '../session.ts';
import { slashed } from '../text.ts';
import { packageFolderOf, type Checker } from './checkers.ts';

/** What is used of the class. */
interface AstroCheck {
  readonly linter: {
    check(file: string): Promise<readonly LspDiagnostic[]>;
    getRootFileNames(): readonly string[];
    fileCreated(file: string): void;
    fileUpdated(file: string): void;
    fileDeleted(file: string): void;
  };
}

type AstroCheckClass = new (folder: string, typescript: string, configFile: string) => AstroCheck;

interface LspDiagnostic {
  readonly range: Range;
  readonly severity?: number;
  readonly code?: number | string;
  readonly source?: string;
  readonly message: string;
  readonly tags?: readonly number[];
  readonly relatedInformation?: readonly {
    readonly location: { readonly uri: string; readonly range: Range };
    readonly message: string;
  }[];
}

export async function openAstroCheck(checker: Checker, root: string): Promise<TypeScriptSession> {
  const load = createRequire(path.join(checker.directory, 'package.json'));
  const server = load.resolve('@astrojs/language-server');
  const { AstroCheck } = (await import(pathToFileURL(server).href)) as { AstroCheck: AstroCheckClass };
  const typescript = load.resolve('typescript');
  // The checker's service host has the system of the TypeScript that it finds itself.
  const used = [typescript, createRequire(server).resolve('typescript')];
  const open = (configFile: string): AstroCheck =>
    new AstroCheck(packageFolderOf(root, path.dirname(configFile)), typescript, configFile);
  return new AstroCheckSession(
    open,
    used.map((file) => (load(file) as TypeScript).sys),
  );
}

interface LoadedProject {
  readonly checker: AstroCheck;
  readonly history: AnswerHistory<undefined>;
}

class AstroCheckSession implements TypeScriptSession {
  readonly #open: (configFile: string) => AstroCheck;
  readonly #projects = new Map<string, LoadedProject>();
  readonly #unsaved = new UnsavedTexts();
  /** Files that existed when they were last looked at. */
  readonly #there = new Set<string>();

  constructor(open: (configFile: string) => AstroCheck, systems: readonly ts.System[]) {
    this.#open = open;
    for (const system of systems) this.#unsaved.showTo(system);
  }

  update({ overlays, changed }: Changes): Promise<void> {
    const touched = new Set([...this.#unsaved.replace(overlays), ...(changed ?? [])]);
    const isSame = changed !== undefined && [...touched].every((file) => this.#stays(file));
    if (!isSame) this.#projects.clear();
    for (const { checker, history } of this.#projects.values()) {
      for (const file of touched) {
        history.touch(file);
        checker.linter.fileUpdated(slashed(file));
      }
    }
    return Promise.resolve();
  }

  async check(order: ProjectRequest, sink: ProjectSink, signal: AbortSignal): Promise<Extent> {
    const { configFile, first, revision, since, whole } = order;
    const project = this.#projects.get(configFile) ?? {
      checker: this.#open(configFile),
      history: new AnswerHistory<undefined>(),
    };
    this.#projects.set(configFile, project);
    const { checker, history } = project;
    const known = history.asked(since);
    if (!whole && known?.touched.size === 0) {
      history.gave(revision, undefined);
      return 'unchanged';
    }
    for (const file of checker.linter.getRootFileNames()) this.#there.add(path.normalize(file));
    const files = checker.linter.getRootFileNames().filter((file) => !/\.(?:vue|svelte)$/.test(file));
    const wanted = new Set(first.map(slashed));
    const ordered = [...files.filter((file) => wanted.has(file)), ...files.filter((file) => !wanted.has(file))];
    for (const [index, file] of ordered.entries()) {
      signal.throwIfAborted();
      sink.begin(file);
      await sink.answer(
        file,
        (await checker.linter.check(file)).map((found) => diagnosticOf(file, found)),
      );
      sink.progress(index + 1, ordered.length);
      await nextTurn();
    }
    history.gave(revision, undefined);
    return 'whole';
  }

  trim(kept?: string): void {
    for (const configFile of this.#projects.keys()) if (configFile !== kept) this.#projects.delete(configFile);
  }

  /** Files that come or go, configurations and packages change what imports mean. */
  #stays(file: string): boolean {
    const was = this.#there.has(file);
    const is = this.#unsaved.has(file) || existsSync(file);
    if (is) this.#there.add(file);
    else this.#there.delete(file);
    return was && is && !file.endsWith('.json') && path.extname(file) !== '';
  }

  close(): Promise<void> {
    this.#projects.clear();
    this.#unsaved.replace(new Map());
    return Promise.resolve();
  }
}

const SEVERITIES: readonly Severity[] = ['error', 'error', 'warning', 'info', 'hint'];

function diagnosticOf(file: string, found: LspDiagnostic): Diagnostic {
  const { range, severity = 1, code = '', source = 'ts', message, tags = [], relatedInformation = [] } = found;
  return {
    file,
    range,
    ...(typeof code === 'number' && source === 'ts' ? { code } : { code: 0, rule: `${source}-${String(code)}` }),
    severity: SEVERITIES[severity] ?? 'error',
    message,
    ...(tags.includes(1) ? { unnecessary: true } : {}),
    ...(tags.includes(2) ? { deprecated: true } : {}),
    related: relatedInformation.flatMap(({ location, message: text }) =>
      location.uri.startsWith('file:')
        ? [
            {
              file: fileURLToPath(location.uri),
              range: location.range,
              message: text,
              code: 0,
              severity: 'info' as const,
            },
          ]
        : [],
    ),
  };
}

/** Unsaved texts in front of the disk, for a tool that asks the system of its TypeScript. Lives as long as its session. */
class UnsavedTexts {
  #texts: ReadonlyMap<string, string> = new Map();
  /** When each text came: the tool reads a file again if its time differs. */
  readonly #times = new Map<string, Date>();
  #clock = 0;

  /** @returns files whose text differs from before */
  replace(texts: ReadonlyMap<string, string>): readonly string[] {
    const edited = editedFiles(this.#texts, texts);
    this.#texts = texts;
    for (const file of edited) this.#times.set(file, new Date((this.#clock += 1)));
    return edited;
  }

  has(file: string): boolean {
    return this.#texts.has(path.normalize(file));
  }

  showTo(system: ts.System): void {
    const { fileExists, readFile, getModifiedTime } = system;
    system.fileExists = (file) => this.has(file) || fileExists(file);
    system.readFile = (file, encoding) => this.#texts.get(path.normalize(file)) ?? readFile(file, encoding);
    system.getModifiedTime = (file) =>
      this.has(file) ? this.#times.get(path.normalize(file)) : getModifiedTime?.(file);
  }
}
