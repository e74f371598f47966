/** The manifests of all detectors, and what follows from the list of them. Data: no detector's code is loaded. */
import type { DetectorKind, DetectorManifest, QueryManifest } from '../protocol/manifest.ts';
import * as list from './list.ts';

type Manifests = (typeof list)[keyof typeof list];

export type DetectorName = Exclude<Manifests, { readonly kind: 'query' }>['name'];

const all: readonly (DetectorManifest | QueryManifest)[] = Object.values(list);

/** What starts first: whoever waits for the editor waits for these most. */
const kinds: readonly DetectorKind[] = ['project', 'file', 'graph', 'external'];

/** Detectors by kind, then by name: the order of settings, tables and messages. */
export const manifests: readonly DetectorManifest[] = all
  .filter((manifest) => manifest.kind !== 'query')
  .toSorted((one, other) => kinds.indexOf(one.kind) - kinds.indexOf(other.kind) || (one.name < other.name ? -1 : 1));

/** Manifests of what runs in workers and is no detector. */
export const queries: readonly QueryManifest[] = all.filter((manifest) => manifest.kind === 'query');

/** Detectors that people can choose, in the order of {@link manifests}. */
export const detectorNames = manifests.map(({ name }) => name) as readonly DetectorName[];

const byName = new Map(manifests.map((manifest) => [manifest.name, manifest]));

/** @returns undefined when there is no such detector */
export function manifestOf(detector: string): DetectorManifest | undefined {
  return byName.get(detector);
}

/**
 * Its configuration and plugins are code of the workspace: it does not run where that is not trusted. That is so of
 * every tool that a workspace declares; those have no manifest.
 */
export function executesCode(detector: string): boolean {
  const manifest = byName.get(detector);
  return manifest === undefined || manifest.untrusted === 'does not run';
}
