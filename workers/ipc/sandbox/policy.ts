/** What a sandboxed worker may reach: plain data, and how it becomes an environment and a list of mounts. Stateless. */
import { lstatSync, readlinkSync } from 'node:fs';
import path from 'node:path';

/**
 * Everything that is not named is denied. Beside what is named, a sandboxed worker reads the system's programs and
 * libraries, its own script and Node, and writes to a temporary folder that nobody else sees and that goes with it.
 */
export interface SandboxPolicy {
  /**
   * `none`: not even the loopback interface of the host. Sockets in folders that it may read can be connected to.
   * `allow`: these hosts alone, each as `host:port`, through a proxy of the host process that programs find by the usual
   * variables (`HTTPS_PROXY`). It takes `CONNECT`, resolves names itself, and reaches machines of the internet only. It is
   * there from when the worker is ready.
   */
  readonly network: 'none' | 'host' | { readonly allow: readonly string[] };
  /** Absolute paths of files and folders with all that is in them. What does not exist is left out. */
  readonly read: readonly string[];
  /** The same, to be read and written. */
  readonly write: readonly string[];
  /** Within `write`: may be read only. */
  readonly protect?: readonly string[] | undefined;
  /** Variables of the host's environment that stay; `LC_*` stands for all that begin so. `env` of the worker is added. */
  readonly env: readonly string[];
  /** Absolute path of the program that makes the sandbox. Default: `bwrap` or `sandbox-exec` of the system. */
  readonly launcher?: string | undefined;
}

export function keptEnvironment(names: readonly string[], from: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const isKept = (name: string): boolean =>
    names.some((kept) => (kept.endsWith('*') ? name.startsWith(kept.slice(0, -1)) : name === kept));
  return Object.fromEntries(Object.entries(from).filter(([name]) => isKept(name)));
}

/** A place that is there in the sandbox. */
export interface Mount {
  /** Without symbolic links. */
  readonly path: string;
  readonly writable: boolean;
}

export interface Layout {
  /** Outer ones first. None lies in another of the same kind. */
  readonly mounts: readonly Mount[];
  /** Symbolic links on the way to them, by their place. */
  readonly links: ReadonlyMap<string, string>;
}

/** The mounts that make these paths, as they are spelled, what they are outside. */
export function layoutOf({ read, write, protect = [] }: Pick<SandboxPolicy, 'read' | 'write' | 'protect'>): Layout {
  const found = new Map<string, boolean>();
  const links = new Map<string, string>();
  const add = (name: string, writable: boolean, wins: boolean): void => {
    const real = follow(name, links);
    if (real !== undefined && (wins || !found.has(real))) found.set(real, writable);
  };
  for (const name of read) add(name, false, false);
  for (const name of write) add(name, true, true);
  for (const name of protect) add(name, false, true);
  const mounts: Mount[] = [];
  const sorted = [...found].sort(([one], [other]) => one.length - other.length || (one < other ? -1 : 1));
  for (const [name, writable] of sorted) {
    const around = mounts.findLast((mount) => isWithin(name, mount.path));
    if (around?.writable !== writable) mounts.push({ path: name, writable });
  }
  // Within a mount they are there anyway.
  for (const place of links.keys()) if (mounts.some((mount) => isWithin(place, mount.path))) links.delete(place);
  return { mounts, links };
}

export function isWithin(name: string, folder: string): boolean {
  const relative = path.relative(folder, name);
  return relative === '' || (!relative.startsWith(`..${path.sep}`) && relative !== '..' && !path.isAbsolute(relative));
}

const MOST_LINKS = 40;

/** @returns the path without symbolic links, which are added to `links`; undefined when there is nothing */
function follow(name: string, links: Map<string, string>): string | undefined {
  const met = new Map<string, string>();
  let open = path.resolve(name).split(path.sep).filter(Boolean);
  let done: string = path.parse(path.resolve(name)).root;
  while (open.length > 0) {
    const [component = '', ...rest] = open;
    const here = path.join(done, component);
    let target: string | undefined;
    try {
      target = lstatSync(here).isSymbolicLink() ? readlinkSync(here) : undefined;
    } catch {
      return undefined;
    }
    if (target === undefined) {
      done = here;
      open = rest;
      continue;
    }
    met.set(here, target);
    if (met.size > MOST_LINKS) return undefined;
    const absolute = path.resolve(done, target);
    done = path.parse(absolute).root;
    open = [...absolute.split(path.sep).filter(Boolean), ...rest];
  }
  for (const [place, target] of met) links.set(place, target);
  return done;
}
