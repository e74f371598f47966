/** What a specifier resolves to. */
import type { Asker } from './conditions.ts';

/** The way in which the specifier was resolved. */
export type Via = 'relative' | 'paths' | 'alias' | 'imports' | 'package' | 'absolute' | 'builtin';

export type Resolution =
  /** A file of the root; also a module of the graph if its language is read. */
  | {
      readonly kind: 'file';
      readonly file: string;
      readonly via: Via;
      /** The specifier differs from the file name in case. */
      readonly wrongCase: boolean;
      /** The workspace member by whose name it was imported. */
      readonly package?: string;
      /** The specifier names a build output; this is its source. */
      readonly fromOutput: boolean;
      /** Files that the package gives instead under conditions that may hold too, such as those of a browser. */
      readonly alternatives?: readonly string[];
      readonly onlyFor?: Asker;
    }
  /** On the disk, but not a file of the root: git ignores it, or it is outside. */
  | { readonly kind: 'outside'; readonly path: string; readonly via: Via }
  /** An installed package. */
  | {
      readonly kind: 'package';
      readonly name: string;
      readonly typesOnly: boolean;
      /** Only `@types/x` is installed, not `x`. */
      readonly isDeclaredElsewhere?: true;
      /** The package exports it only to this kind of import, which is not the kind that asks. */
      readonly onlyFor?: Asker;
    }
  | { readonly kind: 'builtin'; readonly name: string }
  /** For a bundler or another runtime: `virtual:x`, `https://…`, `!raw-loader!…`. */
  | { readonly kind: 'opaque' }
  | Missing;

export interface Missing {
  readonly kind: 'missing';
  /**
   * `file`: no such file; `package`: not installed; `exports`: the package does not export this subpath; `subpath`:
   * an installed package without such a file; `imports`: no such entry in `imports` of package.json; `target`: that
   * entry is the path of a file without `./`, so it names a package; `output`: an entry of a workspace member that is not
   * built and whose source is unknown; `builtin`: Node.js has no such module; `name`: a framework gives no such name.
   */
  readonly why: 'file' | 'package' | 'exports' | 'subpath' | 'imports' | 'target' | 'output' | 'builtin' | 'name';
  readonly via: Via;
  readonly package?: string;
  /** The configuration or framework that decides about the name. */
  readonly by?: string;
  /** The name that was probably meant. */
  readonly meant?: string;
  /** Where it was looked for beside the specifier itself: paths relative to the root, extension as written. */
  readonly tried?: readonly string[];
  /** It need not be a fault: `by`, or a tool that is not known, may give the name. */
  readonly isUnclear?: true;
}

/** `@scope/name` or `name` of a bare specifier. */
export function packageNameOf(specifier: string): string {
  const parts = specifier.split('/', 2);
  return specifier.startsWith('@') ? parts.join('/') : (parts[0] ?? '');
}

/** Names that are invalid in a registry are aliases of some tool: `@/x`, `~/x`, `$lib`. */
export function isPackageName(name: string): boolean {
  return /^(@[a-z0-9-~][a-z0-9-._~]*\/)?[a-z0-9-][a-z0-9-._~]*$/i.test(name);
}

export function isRelative(specifier: string): boolean {
  return /^\.\.?(\/|\\|$)/.test(specifier);
}
