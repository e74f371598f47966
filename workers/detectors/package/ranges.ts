/** Classifies the version ranges of dependencies. Pure. */
import semver from 'semver';

export type RangeKind =
  /** A semantic version range, also after an `npm:` alias. */
  | { readonly kind: 'range'; readonly range: string }
  | { readonly kind: 'workspace' | 'catalog' | 'tag' | 'address' }
  | { readonly kind: 'invalid' };

export function rangeKindOf(written: string): RangeKind {
  const text = written.trim();
  if (semver.validRange(text) !== null) return { kind: 'range', range: text };
  if (text.startsWith('workspace:')) return { kind: 'workspace' };
  if (text.startsWith('catalog:')) return { kind: 'catalog' };
  if (text.startsWith('npm:') || text.startsWith('jsr:')) {
    const at = text.lastIndexOf('@');
    const range = at > 'npm:'.length ? text.slice(at + 1) : text.startsWith('jsr:') ? text.slice(4) : '*';
    return semver.validRange(range) !== null
      ? { kind: 'range', range }
      : /^[a-z][\w.-]*$/i.test(range)
        ? { kind: 'tag' }
        : { kind: 'address' };
  }
  if (/^([a-z][a-z0-9+.-]*:|\.{0,2}\/|~\/)/i.test(text) || /^[\w.-]+\/[\w.-]+(#.*)?$/.test(text) || /^git@/.test(text))
    return { kind: 'address' };
  return /^[a-z][\w.-]*$/i.test(text) ? { kind: 'tag' } : { kind: 'invalid' };
}
