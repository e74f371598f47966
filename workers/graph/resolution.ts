/** What a specifier turned out to mean. */

/** How the specifier led there. */
export type Via = 'relative' | 'paths' | 'imports' | 'package' | 'absolute';

export type Resolution =
  /** A file of the root; a module of the graph if it is read as one. */
  | {
      readonly kind: 'file';
      readonly file: string;
      readonly via: Via;
      /** The specifier differs from the file's real name in case. */
      readonly wrongCase: boolean;
      /** Of the workspace member it was asked from by name, and the subpath asked (`.` or `./x`). */
      readonly package?: string;
      /** The path asked is a build output that stands for this source. */
      readonly fromOutput: boolean;
    }
  /** On the disk, but not among the files of the root: ignored by git, or outside. */
  | { readonly kind: 'outside'; readonly path: string; readonly via: Via }
  /** An installed package. */
  | { readonly kind: 'package'; readonly name: string; readonly typesOnly: boolean }
  | { readonly kind: 'builtin'; readonly name: string }
  /** A bundler's or another runtime's business: `virtual:x`, `https://…`, `!raw-loader!…`. */
  | { readonly kind: 'opaque' }
  | Missing;

export interface Missing {
  readonly kind: 'missing';
  /**
   * `file`: no such file; `package`: not installed; `exports`: the package keeps this subpath to itself; `subpath`:
   * an installed package without such a file; `imports`: no such entry in `imports` of package.json; `output`: a
   * workspace member's entry that is not built and whose source is not known.
   */
  readonly why: 'file' | 'package' | 'exports' | 'subpath' | 'imports' | 'output';
  readonly via: Via;
  readonly package?: string;
}

/** `@scope/name` or `name` of a bare specifier. */
export function packageNameOf(specifier: string): string {
  const parts = specifier.split('/', 2);
  return specifier.startsWith('@') ? parts.join('/') : (parts[0] ?? '');
}

export function isRelative(specifier: string): boolean {
  return /^\.\.?(\/|\\|$)/.test(specifier);
}
