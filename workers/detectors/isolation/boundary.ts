/** What a boundary is, whoever has drawn it. */
import type { ModuleRequest } from '../../graph/record.ts';
import type { Resolution } from '../../graph/resolution.ts';
import type { Severity } from '../../protocol/detector-protocol.ts';

/** An import, and what it turned out to lead to. */
export interface Crossing {
  readonly from: string;
  /** A file of the root; undefined: it leads elsewhere, as {@link resolution} says. */
  readonly to: string | undefined;
  readonly request: ModuleRequest;
  readonly resolution: Resolution;
}

export interface Violation {
  /** Of the boundary, for the message. */
  readonly name: string;
  readonly message?: string;
  /** What its own tool says; absent: what the rule's setting says. */
  readonly severity?: Severity;
}

/** Says whether an import crosses what it must not. */
export type Boundary = (crossing: Crossing) => Violation | undefined;

/** Of a file as a whole, whatever it imports: that nobody needs it, for instance. */
export interface FileViolation extends Violation {
  readonly file: string;
  /** What is wrong, without the file's name. */
  readonly what: string;
}

/** What a configuration of a team says, as far as it is understood. */
export interface BoundarySet {
  readonly boundaries: readonly Boundary[];
  /** Asked anew after every change: they speak of the whole graph. */
  readonly fileViolations?: () => readonly FileViolation[];
  /** What is left alone, and why: the team believes that it holds. */
  readonly unsupported?: readonly UnsupportedRule[];
}

export interface UnsupportedRule {
  /** The configuration. */
  readonly file: string;
  /** What of it is not read, with the reason: `no-cycle (circular)`. */
  readonly what: string;
}
