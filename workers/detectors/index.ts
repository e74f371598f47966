/** Loads detectors by name, each when it is first needed, so that a worker loads only its own. */
import type { Detector } from '../protocol/detector.ts';
import { manifests, queries } from './manifests.ts';

const names: ReadonlySet<string> = new Set([...manifests, ...queries].map(({ name }) => name));

/** @throws Error when there is no such detector, or its folder has no `index.ts` that exports it */
export async function loadDetector(name: string): Promise<Detector> {
  if (!names.has(name)) throw new Error(`Unknown detector: ${name}`);
  // The bundler makes a chunk of each folder that the pattern matches.
  // eslint-disable-next-line no-restricted-syntax -- the layers let this folder import nothing else than what it matches
  const loaded = (await import(`./${name}/index.ts`)) as { readonly detector?: Detector };
  if (loaded.detector === undefined) throw new Error(`workers/detectors/${name}/index.ts does not export a detector.`);
  return loaded.detector;
}
