/**
 * The module graph of one root: its modules, their requests, and what these resolve to. Lives as long as the process.
 * {@link ModuleGraph.update} brings it to the state of the disk and the unsaved buffers; its cost depends on what
 * changed.
 */
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { anyOf, configurationOf } from '../protocol/file-patterns.ts';
import { walkFiles, type UnreadableEntry } from '../protocol/files.ts';
import { entryAt, readListedTextSync, readTextSync, UnreadableFile, withoutMark } from '../protocol/read-file.ts';
import { ConfigFile } from '../reading/config-file.ts';
import type { TsconfigHost } from '../reading/tsconfig.ts';
import type { Overlay } from '../protocol/detector-protocol.ts';
import { FileIndex } from './file-index.ts';
import { InstalledPackages, realPath } from './installed.ts';
import { trackRead, nextTick, type TrackedSource } from './memo.ts';
import { directoryOf, Manifests, readManifest, WORKSPACE_FILES, type Manifest } from './manifests.ts';
import { isProjectFile, joined, Projects, slashed } from './projects.ts';
import { Providers } from './providers/index.ts';
import { isModuleFile, readRecord, recordHash, type ModuleRecord } from './record.ts';
import { Resolver } from './resolver.ts';
import { clearInterned } from './interned.ts';
import type { Resolution } from './resolution.ts';

export interface Module extends TrackedSource {
  /** Relative to the root, forward slashes. */
  readonly file: string;
  readonly record: ModuleRecord;
  /** One for each request of the record. */
  readonly resolutions: readonly Resolution[];
  /** The modules that the requests resolve to; undefined where the target is no module of the graph. */
  readonly targets: readonly (Module | undefined)[];
  /** More modules that a request, named by its index, leads to: matches of a glob, variants for other platforms. */
  readonly more: readonly (readonly [request: number, target: Module])[];
}

export interface GraphUpdate {
  readonly overlays: readonly Overlay[];
  /** Relative to the root; absent: anything may have changed. */
  readonly changed?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

export class ModuleGraph {
  /** Absolute. */
  readonly root: string;
  readonly #prefix: string;
  readonly #index = new FileIndex();
  readonly #modules = new Map<string, ModuleNode>();
  #manifests = new Manifests([], []);
  #projects: Projects;
  #installed = new InstalledPackages();
  #resolver: Resolver | undefined;
  #providers: Providers | undefined;
  #overlays = new Map<string, string>();
  #revision = 0;
  #moduleSetRevision = 0;
  #environmentRevision = 0;
  readonly #withPackages = new Map<string, boolean>();
  #unreadable: readonly UnreadableEntry[] = [];

  // What is stale; survives an aborted update.
  #needsWalk = true;
  /** Every file may have changed. */
  #isEverythingDirty = true;
  readonly #dirty = new Set<string>();
  readonly #unlinked = new Set<ModuleNode>();
  /** Changed paths that are not in the file index: imports may lead to files that git ignores. */
  readonly #unindexed = new Set<string>();
  /** Modules were added that others may already import. */
  #hasNewModules = false;
  /** Manifests and projects have to be read again. */
  #isConfigurationStale = true;

  constructor(root: string) {
    this.root = root;
    this.#prefix = root.endsWith(path.sep) ? root : root + path.sep;
    this.#projects = new Projects(root, [], this.#host());
  }

  /** Grows with every change that may alter anything the graph tells. */
  get revision(): number {
    return this.#revision;
  }

  /** Grows whenever modules come or go. */
  get moduleSetRevision(): number {
    return this.#moduleSetRevision;
  }

  /**
   * Grows with every change except to the content of an existing module: added and removed files, manifests, projects,
   * installed packages, texts of other files.
   */
  get environmentRevision(): number {
    return this.#environmentRevision;
  }

  /** By file, in order of discovery. */
  get modules(): ReadonlyMap<string, Module> {
    return this.#modules;
  }

  get files(): ReadonlySet<string> {
    return this.#index.files;
  }

  get manifests(): Manifests {
    return this.#manifests;
  }

  get installed(): InstalledPackages {
    return this.#installed;
  }

  get projects(): Projects {
    return this.#projects;
  }

  /** Directories that cannot be read, and configurations that are no files. */
  get unreadable(): readonly UnreadableEntry[] {
    return this.#unreadable;
  }

  /** The text of a file as the graph sees it now; undefined when it cannot be read. */
  textOf(file: string): string | undefined {
    const module = this.#modules.get(file);
    if (module) trackRead(module);
    return this.#overlays.get(file) ?? readText(this.#prefix + file);
  }

  /** Whether Node finds a folder of installed packages from a directory of the root. */
  hasInstalledPackages(directory: string): boolean {
    let answer = this.#withPackages.get(directory);
    if (answer === undefined) this.#withPackages.set(directory, (answer = this.#lookForPackages(directory)));
    return answer;
  }

  #lookForPackages(directory: string): boolean {
    for (let at = path.join(this.root, directory); ; at = path.dirname(at)) {
      if (entryAt(path.join(at, 'node_modules')) === 'directory' || entryAt(path.join(at, '.pnp.cjs')) === 'file')
        return true;
      // Packages above the root do not count.
      if (path.relative(this.root, at) === '' || path.dirname(at) === at) return false;
    }
  }

  /** The module that the bare name of a package resolves to from a file of the root. */
  entryOf(file: string, name: string): Module | undefined {
    const resolver = this.#resolver;
    const resolution = resolver?.resolve(resolver.scopeOf(file), name);
    return resolution?.kind === 'file' ? this.#modules.get(resolution.file) : undefined;
  }

  /** Whether a file lies in it or below it. */
  hasDirectory(directory: string): boolean {
    return this.#index.hasDirectory(directory);
  }

  /** Whether a framework, a tool or the host gives this name to a file, installed or not. */
  isGiven(file: string, specifier: string): boolean {
    return this.#resolver?.isGiven(directoryOf(file), specifier) === true;
  }

  /** @throws the signal's reason when aborted; the next update does the rest */
  async update({ overlays, changed, signal }: GraphUpdate): Promise<void> {
    this.#takeOverlays(overlays);
    if (changed === undefined) {
      this.#needsWalk = true;
      this.#isEverythingDirty = true;
      this.#isConfigurationStale = true;
      this.#environmentChanged();
    }
    for (const file of changed ?? []) this.#markDirty(file);
    if (this.#needsWalk) await this.#walk(signal);
    if (this.#unindexed.size > 0) this.#invalidateResolutions([...this.#unindexed], [...this.#unindexed]);
    this.#unindexed.clear();
    await this.#readDirty(signal);
    await this.#link(signal);
  }

  /** Anything except the content of a module may have changed. */
  #environmentChanged(): void {
    this.#environmentRevision++;
    if (this.#withPackages.size > 0) this.#withPackages.clear();
  }

  #takeOverlays(overlays: readonly Overlay[]): void {
    const next = new Map(overlays.map(({ file, text }) => [file, withoutMark(text)]));
    const before = this.#overlays;
    this.#overlays = next;
    for (const [file, text] of next) if (before.get(file) !== text) this.#markDirty(file);
    for (const file of before.keys()) if (!next.has(file)) this.#markDirty(file);
  }

  /** An added or removed file, or a folder, needs a walk: the rules of git decide which files belong to the root. */
  #markDirty(file: string): void {
    this.#dirty.add(file);
    const entry = this.#overlays.has(file) ? 'file' : entryAt(this.#prefix + file);
    const before = this.#index.has(file) ? 'file' : this.#index.hasDirectory(file) ? 'directory' : 'nothing';
    if (entry !== before || entry === 'directory' || path.posix.basename(file) === '.gitignore') this.#needsWalk = true;
    if (before === 'nothing') this.#unindexed.add(file);
    if (!isModuleFile(file)) this.#environmentChanged();
  }

  async #walk(signal: AbortSignal | undefined): Promise<void> {
    const files = new Set<string>();
    const unreadable: UnreadableEntry[] = [];
    const walk = walkFiles(this.root, {
      ...(signal ? { signal } : {}),
      mustBeFile: CONFIGURATIONS,
      onUnreadable: (entry) => unreadable.push(entry),
    });
    for await (const file of walk) files.add(file);
    this.#unreadable = unreadable;
    // A git-ignored file stays ignored while it is open in the editor; a file that is only in a buffer cannot be
    // ignored yet.
    for (const file of this.#overlays.keys()) if (entryAt(this.#prefix + file) !== 'file') files.add(file);
    const before = this.#index.files;
    const directories = this.#index.directories;
    const added = [...files].filter((file) => !before.has(file));
    const removed = [...before].filter((file) => !files.has(file));
    this.#index.replace(files);
    this.#needsWalk = false;
    const folders = [...this.#dirty].filter((file) => this.#index.hasDirectory(file)).map((folder) => `${folder}/`);
    const mayDiffer = this.#isEverythingDirty
      ? files
      : folders.length > 0
        ? [...added, ...[...files].filter((file) => folders.some((folder) => file.startsWith(folder)))]
        : added;
    for (const file of mayDiffer) if (isRead(file)) this.#dirty.add(file);
    for (const file of removed) this.#dirty.add(file);
    this.#isEverythingDirty = false;
    if (this.#hasOtherManifests(directories)) this.#isConfigurationStale = true;
    if (added.length + removed.length > 0) this.#invalidateResolutions(added, removed);
  }

  /**
   * Whether a manifest that git ignores came or went with its directory; that of a file that it does not ignore is
   * noticed by itself.
   */
  #hasOtherManifests(before: ReadonlySet<string>): boolean {
    const { directories } = this.#index;
    for (const directory of directories) {
      if (!before.has(directory) && entryAt(this.#prefix + joined(directory, 'package.json')) === 'file') return true;
    }
    return [...this.#manifests.all.keys()].some((directory) => !directories.has(directory));
  }

  #invalidateResolutions(added: readonly string[], removed: readonly string[]): void {
    this.#environmentChanged();
    this.#resolver?.invalidate(added, removed);
    this.#unlinkAll();
  }

  async #readDirty(signal: AbortSignal | undefined): Promise<void> {
    const turns = new Turns(signal);
    for (const file of this.#dirty) {
      const isOfConfiguration = (): boolean =>
        isConfiguration(file) || this.#isSharedProject(file) || this.#providers?.isOutdated(file) === true;
      this.#isConfigurationStale ||= isOfConfiguration();
      if (isModuleFile(file)) {
        this.#readModule(file);
        if (turns.isDue) await turns.next();
      }
      this.#dirty.delete(file);
    }
    clearInterned();
    if (this.#isConfigurationStale) await this.#configure();
    else if (this.#hasNewModules) this.#unlinkAll();
    this.#hasNewModules = false;
  }

  /** A tsconfig of another name, which others extend. */
  #isSharedProject(file: string): boolean {
    return file.endsWith('.json') && /"compilerOptions"\s*:/.test(this.textOf(file) ?? '');
  }

  #readModule(file: string): void {
    const known = this.#modules.get(file);
    const text = this.#index.has(file) ? this.textOf(file) : undefined;
    if (text === undefined || text.length > MAXIMUM_LENGTH) {
      this.#environmentChanged();
      if (!known) return;
      this.#modules.delete(file);
      this.#moduleSetRevision++;
      this.#unlinkAll();
      return;
    }
    const hash = recordHash(text);
    if (known?.record.hash === hash) return;
    const record = readRecord(file, text, hash);
    this.#revision++;
    if (known) {
      known.record = record;
      this.#unlinked.add(known);
    } else {
      const module = new ModuleNode(file, record);
      this.#modules.set(file, module);
      this.#moduleSetRevision++;
      this.#environmentChanged();
      this.#unlinked.add(module);
      this.#hasNewModules = true;
    }
  }

  /** Reads manifests and projects again, and resolves everything again. */
  async #configure(): Promise<void> {
    const manifests: Manifest[] = [];
    const workspaceFiles: ConfigFile[] = [];
    const configs: string[] = [];
    for (const file of this.#index.files) {
      const name = path.posix.basename(file);
      if (isProjectFile(file)) configs.push(file);
      if (name === 'package.json') manifests.push(readManifest(file, this.textOf(file) ?? ''));
      else if (WORKSPACE_FILES.has(name)) workspaceFiles.push(await ConfigFile.yaml(file, this.textOf(file) ?? ''));
    }
    // A tracked package.json may match an ignore pattern; look for one in each directory.
    for (const directory of this.#index.directories) {
      const file = joined(directory, 'package.json');
      if (this.#index.has(file) || entryAt(this.#prefix + file) !== 'file') continue;
      manifests.push(readManifest(file, this.textOf(file) ?? ''));
    }
    this.#manifests = new Manifests(manifests, workspaceFiles);
    this.#projects = new Projects(this.root, configs, this.#host());
    this.#installed = new InstalledPackages();
    this.#environmentChanged();
    this.#providers = new Providers({
      root: this.root,
      index: this.#index,
      manifests: this.#manifests,
      textOf: (file) => this.textOf(file),
    });
    this.#resolver = new Resolver(
      this.root,
      realPath(this.root),
      this.#index,
      this.#manifests,
      this.#projects,
      this.#providers,
    );
    this.#unlinkAll();
    this.#isConfigurationStale = false;
  }

  /** Unsaved tsconfigs count too. */
  #host(): TsconfigHost {
    const unsaved = (file: string): string | undefined =>
      file.startsWith(this.#prefix) ? this.#overlays.get(slashed(file.slice(this.#prefix.length))) : undefined;
    return {
      read: (file) => unsaved(file) ?? readTextSync(file),
      entryAt: (file) => (unsaved(file) === undefined ? entryAt(file) : 'file'),
      memberFolder: (name) => {
        const member = this.#manifests.members.get(name);
        return member && path.join(this.root, member.directory);
      },
    };
  }

  #unlinkAll(): void {
    this.#revision++;
    for (const module of this.#modules.values()) this.#unlinked.add(module);
  }

  async #link(signal: AbortSignal | undefined): Promise<void> {
    const resolver = this.#resolver;
    if (!resolver) return;
    const turns = new Turns(signal);
    for (const module of this.#unlinked) {
      const scope = resolver.scopeOf(module.file);
      const resolutions = module.record.requests.map(({ specifier, kind }) =>
        kind === 'glob'
          ? OPAQUE
          : resolver.resolve(scope, specifier, kind === 'require' || kind === 'resolve' ? 'require' : 'import'),
      );
      const targets = resolutions.map((resolution) =>
        resolution.kind === 'file' ? this.#modules.get(resolution.file) : undefined,
      );
      const more = module.record.requests.flatMap((request, index) =>
        resolver.moreOf(scope, request, resolutions[index] ?? OPAQUE).flatMap((file) => {
          const target = this.#modules.get(file);
          return target && target !== module && target !== targets[index] ? [[index, target] as const] : [];
        }),
      );
      module.link(resolutions, targets, more.length === 0 ? NONE : more);
      this.#unlinked.delete(module);
      if (turns.isDue) await turns.next();
    }
  }
}

const CONFIGURATIONS = anyOf(...Object.values(configurationOf));

/** A change to one of these means that the installed packages changed. */
const LOCKFILES: ReadonlySet<string> = new Set([
  'package-lock.json', 'npm-shrinkwrap.json', 'yarn.lock', 'pnpm-lock.yaml', 'bun.lock', 'bun.lockb', '.pnp.cjs', '.pnp.data.json',
]); // prettier-ignore

/** Longer files are data or bundles; nobody maintains their imports. UTF-16 code units. */
const MAXIMUM_LENGTH = 5_000_000;

const NONE: readonly never[] = [];

const OPAQUE: Resolution = { kind: 'opaque' };

/** Tracks who reads it, see {@link trackRead}. */
class ModuleNode implements Module {
  readonly file: string;
  changedAt = nextTick();
  #record: ModuleRecord;
  #resolutions: readonly Resolution[] = [];
  #targets: readonly (Module | undefined)[] = [];
  #more: Module['more'] = NONE;

  constructor(file: string, record: ModuleRecord) {
    this.file = file;
    this.#record = record;
  }

  get record(): ModuleRecord {
    trackRead(this);
    return this.#record;
  }

  set record(record: ModuleRecord) {
    this.#record = record;
    this.changedAt = nextTick();
  }

  get resolutions(): readonly Resolution[] {
    trackRead(this);
    return this.#resolutions;
  }

  get targets(): readonly (Module | undefined)[] {
    trackRead(this);
    return this.#targets;
  }

  get more(): Module['more'] {
    trackRead(this);
    return this.#more;
  }

  link(resolutions: readonly Resolution[], targets: readonly (Module | undefined)[], more: Module['more']): void {
    this.#resolutions = resolutions;
    this.#targets = targets;
    this.#more = more;
    this.changedAt = nextTick();
  }
}

/** Yields to the event loop now and then, so that an abort can arrive. */
class Turns {
  readonly #signal: AbortSignal | undefined;
  #last = performance.now();

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
    signal?.throwIfAborted();
  }

  get isDue(): boolean {
    return performance.now() - this.#last >= 20;
  }

  async next(): Promise<void> {
    await nextTurn();
    this.#signal?.throwIfAborted();
    this.#last = performance.now();
  }
}

function isConfiguration(file: string): boolean {
  const name = path.posix.basename(file);
  return name === 'package.json' || WORKSPACE_FILES.has(name) || LOCKFILES.has(name) || isProjectFile(file);
}

function isRead(file: string): boolean {
  return isModuleFile(file) || isConfiguration(file);
}

function readText(absolute: string): string | undefined {
  try {
    return readListedTextSync(absolute);
  } catch (error) {
    if (error instanceof UnreadableFile) return undefined;
    throw error;
  }
}
