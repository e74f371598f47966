/** Which entries of pnpm's catalogs a workspace uses. Pure. */
import { dependenciesOf } from '../../graph/installed.ts';
import { isRecord, type Manifest } from '../../graph/manifests.ts';

/**
 * Used entries, as {@link catalogEntry}. Besides dependencies, what replaces dependencies uses them: `overrides` and
 * `packageExtensions` of the workspace, and `resolutions` and `pnpm` of its root manifest. pnpm does not read npm's
 * `overrides`.
 * @param settings the content of pnpm-workspace.yaml
 */
export function catalogUses(members: readonly Manifest[], settings: unknown): ReadonlySet<string> {
  const used = new Set<string>();
  for (const member of members) for (const { name, range } of dependenciesOf(member)) add(used, name, range);
  const root = members.find(({ directory }) => directory === '')?.data;
  for (const place of [root?.['resolutions'], root?.['pnpm']]) addReplacements(used, place);
  if (isRecord(settings)) {
    for (const field of ['overrides', 'packageExtensions']) addReplacements(used, settings[field]);
  }
  return used;
}

export function catalogEntry(catalog: string, name: string): string {
  return `${catalog}\n${name}`;
}

function addReplacements(used: Set<string>, place: unknown): void {
  if (!isRecord(place)) return;
  for (const [selector, value] of Object.entries(place)) {
    if (typeof value === 'string') add(used, replacedName(selector), value);
    else addReplacements(used, value);
  }
}

function add(used: Set<string>, name: string, range: string): void {
  if (range.startsWith('catalog:')) used.add(catalogEntry(range.slice('catalog:'.length).trim() || 'default', name));
}

/** The name in `parent>name@range`, or in Yarn's `parent/name` and patterns of parents. */
function replacedName(selector: string): string {
  const last = selector.split('>').at(-1)?.trim() ?? '';
  const name = /((?:@[^/@]+\/)?[^/@]+)(?:@[^/]*)?$/.exec(last)?.[1];
  return name ?? last;
}
