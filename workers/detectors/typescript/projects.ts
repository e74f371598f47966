/** Finds the projects of a root: its tsconfigs and jsconfigs, and the projects they reference. Stateless. */
import path from 'node:path';
import ignore from 'ignore';
import { compilerConfig, component, script } from '../../protocol/file-patterns.ts';
import { walkFiles, type UnreadableEntry } from '../../protocol/files.ts';
import type { DetectorProblem, Range } from '../../protocol/detector-protocol.ts';
import { entryAt, readTextSync, UnreadableFile } from '../../protocol/read-file.ts';
import { isRecord, jsonOf } from '../../reading/config-file.ts';
import { TsconfigReader, type Tsconfig, type TsconfigFlaw } from '../../reading/tsconfig.ts';

export interface ProjectSearch {
  /** Only these projects: paths and patterns as in .gitignore, relative to the root. Empty: all. */
  readonly only: readonly string[];
  readonly signal: AbortSignal;
}

export interface FoundProjects {
  /** Relative to the root, sorted, each once. */
  readonly projects: readonly string[];
  /** Those among the projects that other configurations extend, and that answer only for files that no nearer one includes. */
  readonly bases: ReadonlySet<string>;
  /** Absolute paths of all configurations that were read or looked for, including extended ones. */
  readonly configFiles: readonly string[];
  /** All components of the root that git does not ignore, relative to it. */
  readonly components: readonly string[];
  readonly problems: readonly DetectorProblem[];
}

/**
 * A configuration that lists no files and only references others (a solution) is not a project itself; what it
 * references is, whatever its name. Nor is one that others extend and whose files nearer ones include.
 * @param root absolute path
 */
export async function findProjects(root: string, { only, signal }: ProjectSearch): Promise<FoundProjects> {
  const problems: DetectorProblem[] = [];
  const wanted = only.length === 0 ? undefined : ignore().add(only.map(anchored));
  const pattern = wanted ? compilerConfig : CONFIG;
  const manifests: string[] = [];
  const walk = walkFiles(root, {
    accept: (name, file) =>
      name === MANIFEST ||
      component.test(name) ||
      (pattern.test(name) && (wanted === undefined || wanted.ignores(file))),
    signal,
    mustBeFile: pattern,
    // A configuration that nobody can read hides a whole project; an unreadable folder may hold none.
    onUnreadable: (entry) => problems.push(unreadableProblem(entry, pattern.test(path.posix.basename(entry.path)))),
  });
  const queue: string[] = [];
  const components: string[] = [];
  for await (const file of walk) {
    if (component.test(file)) components.push(file);
    else if (path.posix.basename(file) === MANIFEST) manifests.push(path.join(root, file));
    else queue.push(path.join(root, file));
  }
  const reader = projectReader(manifests);
  const found = withoutShadowed(queue);
  const seen = new Set(found);
  const projects = new Map<string, Tsconfig>();
  const configFiles = new Set<string>();
  const read = (file: string): Tsconfig | UnreadableFile => {
    configFiles.add(file);
    const config = readOrReason(reader, file);
    if (config instanceof UnreadableFile) return config;
    // Configurations in installed packages change with the lockfile.
    for (const base of [...config.bases, ...config.awaited]) if (!base.includes(INSTALLED)) configFiles.add(base);
    return config;
  };
  for (const file of found) {
    signal.throwIfAborted();
    const config = read(file);
    if (config instanceof UnreadableFile) {
      const relative = relativeTo(root, file);
      problems.push(unreadableProblem({ path: relative, code: config.code, message: config.message }, true));
      continue;
    }
    let complete = true;
    for (const { file: reference } of config.references) {
      if (seen.has(reference)) continue;
      // A project outside the root is only checked through the projects that use it.
      if (relativeTo(root, reference).startsWith('../')) continue;
      if (read(reference) instanceof UnreadableFile) complete = false;
      else {
        seen.add(reference);
        found.push(reference);
      }
    }
    const blocking = config.flaws.filter(({ kind }) => kind === 'blocking');
    problems.push(...blocking.map((flaw) => blockedProblem(root, file, flaw)));
    // A solution with a broken reference stays a project, so that the compiler reports where.
    if (blocking.length === 0 && (!config.isSolution || !complete)) projects.set(file, config);
  }
  if (wanted && found.length === 0) {
    problems.push({
      code: 'CONFIG_ERROR',
      message: `The option 'typescript.projects' (${only.join(', ')}) matches no tsconfig in ${root}. Correct the paths.`,
      fatal: true,
    });
  }
  const bases = wanted ? new Map<string, boolean>() : await basesIn(root, projects, reader, signal);
  const kept = [...projects.keys()].filter((file) => bases.get(file) !== false);
  const relative = (file: string): string => relativeTo(root, file);
  return {
    projects: kept.map(relative).sort(),
    bases: new Set(kept.filter((file) => bases.has(file)).map(relative)),
    configFiles: [...configFiles].sort(),
    components,
    problems,
  };
}

const MANIFEST = 'package.json';
const CONFIG = /^[jt]sconfig\.json$/;
const INSTALLED = `${path.sep}node_modules${path.sep}`;

/** @param manifests absolute paths of the package.json files of the workspace */
export function projectReader(manifests: readonly string[]): TsconfigReader {
  let folders: ReadonlyMap<unknown, string> | undefined;
  return new TsconfigReader({
    read: readTextSync,
    entryAt,
    memberFolder: (name) => {
      folders ??= new Map(manifests.map((file) => [nameIn(file), path.dirname(file)]));
      return folders.get(name);
    },
  });
}

/**
 * The configuration that answers for a file as in an editor: the nearest that includes it, itself or in what it
 * references. Undefined: there is none up to `top`.
 * @param file absolute
 * @param top absolute path of the folder at which the search ends, which it does not look into
 */
export function nearerConfig(reader: TsconfigReader, file: string, top: string): string | undefined {
  for (
    let folder = path.dirname(file);
    folder !== top && path.dirname(folder) !== folder;
    folder = path.dirname(folder)
  ) {
    for (const name of ['tsconfig.json', 'jsconfig.json']) {
      const found = including(reader, path.join(folder, name), file, new Set());
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

function including(reader: TsconfigReader, config: string, file: string, seen: Set<string>): string | undefined {
  if (seen.has(config) || entryAt(config) !== 'file') return undefined;
  seen.add(config);
  const read = readOrReason(reader, config);
  if (read instanceof UnreadableFile) return undefined;
  if (read.includes(file.split(path.sep).join('/'))) return config;
  for (const reference of read.references) {
    const found = including(reader, reference.file, file, seen);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * Configurations that say nothing of files and that others extend. By path; false: nearer ones include all their files,
 * so that they are no projects.
 */
async function basesIn(
  root: string,
  projects: ReadonlyMap<string, Tsconfig>,
  reader: TsconfigReader,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, boolean>> {
  const extended = new Set([...projects.values()].flatMap(({ bases }) => bases));
  const candidates = [...projects].filter(([file, { selectsFiles }]) => extended.has(file) && !selectsFiles);
  const bases = new Map(candidates.map(([file]) => [file, false]));
  if (bases.size === 0) return bases;
  for await (const file of walkFiles(root, { accept: (name) => script.test(name), signal })) {
    const absolute = path.join(root, file);
    for (const [base, config] of candidates) {
      if (bases.get(base) === true || !config.includes(absolute.split(path.sep).join('/'))) continue;
      if (nearerConfig(reader, absolute, path.dirname(base)) === undefined) bases.set(base, true);
    }
  }
  return bases;
}

function readOrReason(reader: TsconfigReader, file: string): Tsconfig | UnreadableFile {
  try {
    return reader.read(file);
  } catch (error) {
    if (error instanceof UnreadableFile) return error;
    throw error;
  }
}

function nameIn(manifest: string): unknown {
  try {
    const content = jsonOf(readTextSync(manifest));
    return isRecord(content) ? content['name'] : undefined;
  } catch {
    return undefined;
  }
}

/** A compiler would wait for such a file, or fail because of it, so it is not asked. */
function blockedProblem(root: string, project: string, { file, range, message }: TsconfigFlaw): DetectorProblem {
  const name = relativeTo(root, project);
  const isOwn = file === project;
  const place: { file: string; range: Range } = { file: relativeTo(root, file), range };
  return {
    code: 'CONFIG_ERROR',
    message: `${message} Until then ${isOwn ? 'its files are' : `the files of ${name} are`} not checked.`,
    ...place,
    fatal: true,
  };
}

function unreadableProblem({ path: place, code, message }: UnreadableEntry, fatal = place === ''): DetectorProblem {
  const way = code === 'ENOTFILE' ? 'Replace it by a file, or remove it' : 'Grant read permission, or exclude it';
  const file = place === '' ? '.' : place;
  const text = `Cannot read ${file}, so its projects are not checked: ${message}. ${way}.`;
  return { code: 'UNREADABLE', message: text, file, fatal };
}

/** If a folder has both, editors use the tsconfig. */
function withoutShadowed(files: readonly string[]): string[] {
  const all = new Set(files);
  return files.filter(
    (file) => path.basename(file) !== 'jsconfig.json' || !all.has(path.join(path.dirname(file), 'tsconfig.json')),
  );
}

/** `tsconfig.json` means the one at the root, as it would in a list of paths. */
function anchored(pattern: string): string {
  const plain = pattern.replace(/^\.\//, '');
  return plain.startsWith('/') || plain.startsWith('!') || plain.startsWith('**/') ? plain : `/${plain}`;
}

function relativeTo(root: string, file: string): string {
  return path.relative(root, file).split(path.sep).join('/');
}
