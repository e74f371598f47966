/** What the parts of the `build` detector find. */
import type { Finding } from '../../protocol/detector-protocol.ts';
import type { RuleOf } from '../../protocol/manifest.ts';
import type { manifest } from './manifest.ts';

export type BuildRule = RuleOf<typeof manifest>;

/** The severity comes from the options. */
export type BuildFinding = Omit<Finding, 'rule' | 'severity'> & { readonly rule: BuildRule };
