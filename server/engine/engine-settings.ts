/** What an engine is told to do, and what that means for a detector and for a file. */
import ignore from 'ignore';
import type { DetectorOptions, Issue } from '../../workers/protocol/detector-protocol.ts';
import { manifestOf } from '../../workers/detectors/manifests.ts';
import { baselineName } from '../store/baseline.ts';

export interface EngineSettings {
  /** The enabled detectors, with their options. */
  readonly detectors: ReadonlyMap<string, DetectorOptions>;
  /** False: detectors that execute code of the workspace do not run. */
  readonly trusted: boolean;
  /** Code of an untrusted workspace runs in a sandbox that keeps everything, or not at all: all detectors run but these. */
  readonly confined?: { readonly except: readonly string[] };
  /** gitignore-style patterns of files that are never analysed. */
  readonly exclude: readonly string[];
  /** Issues in the configuration itself; absent: none. */
  readonly issues?: readonly Issue[];
  /** True: first results may be provisional, because later ones can still correct them. Default: every result is final. */
  readonly live?: boolean;
  /** True: issues that follow from a cause are shown besides it. Default: they are folded under it. */
  readonly showConsequences?: boolean;
  /** Which files detectors of files check; absent: all. */
  readonly only?: (file: string) => boolean;
}

/** Undefined: the detector is disabled, or may not run before the workspace is trusted. */
export function optionsOf(
  settings: Pick<EngineSettings, 'detectors' | 'trusted' | 'confined'>,
  name: string,
): DetectorOptions | undefined {
  const options = settings.detectors.get(name);
  if (options === undefined || settings.trusted) return options;
  const manifest = manifestOf(name);
  const isOut = settings.confined?.except.includes(name) ?? true;
  // What it writes, others may run later, outside.
  if (!isOut && (manifest?.sandbox.write ?? []).length === 0) return options;
  const untrusted = manifest?.untrusted ?? 'does not run';
  return untrusted === 'does not run' ? undefined : { ...options, ...untrusted };
}

/** Always excludes the baseline: it lists issues, and must not cause any. */
export function matcherOf(patterns: readonly string[]): (file: string) => boolean {
  if (patterns.length === 0) return (file) => file === baselineName;
  const matcher = ignore().add([`/${baselineName}`, ...patterns]);
  // Issues may be outside of the root, such as in declaration files of a shared tsconfig. Patterns cannot name those.
  return (file) => ignore.isPathValid(file) && matcher.ignores(file);
}
