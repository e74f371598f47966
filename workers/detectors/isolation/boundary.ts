/** The types of boundaries, whichever tool they come from. */
import type { ModuleRequest } from '../../graph/record.ts';
import type { Resolution } from '../../graph/resolution.ts';
import type { Severity } from '../../protocol/detector-protocol.ts';
import type { Flaw } from '../../reading/config-file.ts';

/** An import and what it resolves to. */
export interface Crossing {
  readonly from: string;
  /** A file of the root; undefined: see {@link resolution}. */
  readonly to: string | undefined;
  readonly request: ModuleRequest;
  readonly resolution: Resolution;
}

export interface Violation {
  /** The name of the boundary, for the message. */
  readonly name: string;
  readonly message?: string;
  /** The severity in the tool's configuration; absent: that of the rule. */
  readonly severity?: Severity;
}

/** Checks whether an import crosses the boundary. */
export type Boundary = (crossing: Crossing) => Violation | undefined;

/** A violation of a whole file, not of an import: nobody imports it, for instance. */
export interface FileViolation extends Violation {
  readonly file: string;
  /** What is wrong; the message puts the file name before it. */
  readonly what: string;
}

/** The boundaries of one configuration, as far as Bulkhead understands it. */
export interface BoundarySet {
  readonly boundaries: readonly Boundary[];
  /** Recomputed after every change, because they depend on the whole graph. */
  readonly fileViolations?: () => readonly FileViolation[];
  /** Rules that are not enforced; reported, because the team relies on them. */
  readonly unsupported?: readonly UnsupportedRule[];
  /** What is wrong with the configuration. */
  readonly flaws?: readonly Flaw[];
}

export interface UnsupportedRule {
  /** The configuration. */
  readonly file: string;
  /** The rule, with the reason in parentheses: `no-cycle (circular)`. */
  readonly what: string;
}
