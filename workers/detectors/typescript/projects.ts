/** Finds the projects of a root: its tsconfigs and jsconfigs, and the projects they reference. Stateless. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import ignore from 'ignore';
import { parse } from 'jsonc-parser';
import { LinkedPackages } from '../../runtime/linked-packages.ts';
import { walkFiles } from '../../protocol/files.ts';
import type { DetectorProblem } from '../../protocol/detector-protocol.ts';

export interface ProjectSearch {
  /** Only these projects: paths and patterns as in .gitignore, relative to the root. Empty: all. */
  readonly only: readonly string[];
  readonly signal: AbortSignal;
}

export interface FoundProjects {
  /** Relative to the root, sorted, each once. */
  readonly projects: readonly string[];
  /** Absolute paths of all configurations that were read, including extended ones. */
  readonly configFiles: readonly string[];
  readonly problems: readonly DetectorProblem[];
}

/**
 * A configuration that lists no files and only references others (a solution) is not a project itself; what it
 * references is, whatever its name.
 * @param root absolute path
 */
export async function findProjects(root: string, { only, signal }: ProjectSearch): Promise<FoundProjects> {
  const problems: DetectorProblem[] = [];
  const wanted = only.length === 0 ? undefined : ignore().add(only.map(anchored));
  const pattern = wanted ? ANY_CONFIG : CONFIG;
  const walk = walkFiles(root, {
    accept: (name, file) => pattern.test(name) && (wanted === undefined || wanted.ignores(file)),
    signal,
    onUnreadable: ({ path: folder, message }) => {
      const file = folder === '' ? '.' : folder;
      problems.push({ code: 'UNREADABLE', message: unreadable(file, message), file, fatal: folder === '' });
    },
  });

  const queue: string[] = [];
  for await (const file of walk) queue.push(path.join(root, file));
  const found = withoutShadowed(queue);
  const seen = new Set(found);
  const projects: string[] = [];
  const configFiles = new Set<string>();
  for (const file of found) {
    signal.throwIfAborted();
    const config = await readConfig(file, configFiles);
    if (config instanceof Error) {
      const relative = relativeTo(root, file);
      problems.push({ code: 'UNREADABLE', message: unreadable(relative, config.message), file: relative, fatal: true });
      continue;
    }
    const references = config.references.map((reference) => path.resolve(path.dirname(file), reference));
    let complete = true;
    for (const reference of references) {
      if (seen.has(reference)) continue;
      // A project outside the root is only checked through the projects that use it.
      if (relativeTo(root, reference).startsWith('../')) continue;
      if ((await readConfig(reference, configFiles)) instanceof Error) complete = false;
      else if (!seen.has(reference)) {
        seen.add(reference);
        found.push(reference);
      }
    }
    // A solution with a broken reference stays a project, so that the compiler reports where.
    if (!config.solution || !complete) projects.push(relativeTo(root, file));
  }
  if (wanted && found.length === 0) {
    problems.push({
      code: 'CONFIG_ERROR',
      message: `The option 'typescript.projects' (${only.join(', ')}) matches no tsconfig in ${root}. Correct the paths.`,
      fatal: true,
    });
  }
  return { projects: projects.sort(), configFiles: [...configFiles].sort(), problems };
}

const CONFIG = /^[jt]sconfig\.json$/;
const ANY_CONFIG = /^[jt]sconfig(\..+)?\.json$/;

interface Config {
  readonly solution: boolean;
  /** Paths of configurations, relative to this one or absolute. */
  readonly references: readonly string[];
}

/** Reads only what is needed to find projects; the compiler validates the configuration. */
async function readConfig(file: string, configFiles: Set<string>): Promise<Config | Error> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
  configFiles.add(file);
  const content = asObject(parse(text.replace(/^\uFEFF/, ''), [], { allowTrailingComma: true }));
  await addExtended(file, content, configFiles);
  const references = asArray(content['references'])
    .map((reference) => asObject(reference)['path'])
    .filter((reference): reference is string => typeof reference === 'string')
    .map((reference) => (reference.endsWith('.json') ? reference : path.join(reference, 'tsconfig.json')));
  const { files, include } = content;
  const solution = Array.isArray(files) && files.length === 0 && include === undefined && references.length > 0;
  return { solution, references };
}

async function addExtended(file: string, content: Fields, configFiles: Set<string>): Promise<void> {
  const bases = typeof content['extends'] === 'string' ? [content['extends']] : asArray(content['extends']);
  for (const base of bases) {
    if (typeof base !== 'string') continue;
    const isPath = base.startsWith('.') || path.isAbsolute(base);
    const resolved = isPath
      ? path.resolve(path.dirname(file), base.endsWith('.json') ? base : `${base}.json`)
      : new LinkedPackages().fileOf(base, file);
    // Configurations in installed packages change with the lockfile.
    if (resolved !== undefined && !configFiles.has(resolved)) await readConfig(resolved, configFiles);
  }
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

type Fields = Readonly<Record<string, unknown>>;

function asObject(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function relativeTo(root: string, file: string): string {
  return path.relative(root, file).split(path.sep).join('/');
}

function unreadable(place: string, reason: string): string {
  return `Cannot read ${place}, so its projects are not checked: ${reason}. Grant read permission, or exclude it.`;
}
