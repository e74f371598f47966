/**
 * Names that a tool may give: nothing that can be read without running it says so. One hint for all imports of a kind,
 * because they have one cause. Pure.
 */
import type { ModuleGraph } from '../../graph/index.ts';
import { packageNameOf } from '../../graph/resolution.ts';
import type { Finding, Range } from '../../protocol/detector-protocol.ts';

export interface UnclearName {
  readonly file: string;
  readonly specifier: string;
  readonly range: Range;
  /** The configuration or framework that may give it. */
  readonly by?: string;
}

export function unclearNames(
  graph: ModuleGraph,
  names: readonly UnclearName[],
): readonly { readonly file: string; readonly finding: Omit<Finding, 'rule' | 'severity'> }[] {
  const groups = new Map<string, UnclearName[]>();
  for (const name of names) {
    const key = `${graph.manifests.packageOf(name.file)?.directory ?? ''}\n${patternOf(name.specifier)}`;
    const group = groups.get(key);
    if (group) group.push(name);
    else groups.set(key, [name]);
  }
  return [...groups.values()].flatMap((group) => {
    const [first, ...others] = group.toSorted((one, other) =>
      one.file < other.file ? -1 : one.file > other.file ? 1 : 0,
    );
    if (!first) return [];
    const { file, specifier, range, by } = first;
    const origin =
      by === undefined
        ? 'no configuration that can be read without running it gives this name'
        : `${by} may give this name, which only running it tells`;
    const [more] = others;
    const count = !more ? '' : others.length === 1 ? ' Another import is like it.' : ` ${String(others.length)} more imports are like it.`; // prettier-ignore
    return [
      {
        file,
        finding: {
          message: `It is unclear where '${specifier}' comes from: ${origin}.${count} If it is right, add '${patternOf(specifier)}' to the option import.known.`,
          range,
          ...(others.length === 0 ? {} : { related: others.slice(0, MAXIMUM_RELATED).map((one) => ({ file: one.file, range: one.range, message: `'${one.specifier}'` })) }), // prettier-ignore
        },
      },
    ];
  });
}

const MAXIMUM_RELATED = 20;

/** What to list as known: `@/*` for `@/a/b`, `#ui/*` for `#ui/x`. */
function patternOf(specifier: string): string {
  const [top = ''] = specifier.split('/', 1);
  const name = /^@[a-z0-9]/i.test(specifier) ? packageNameOf(specifier) : top;
  return specifier === name ? name : `${name}/*`;
}
