/** What a boundary is, whoever has drawn it. */
import type { RequestKind } from '../../graph/record.ts';

/** An import from one file of the root to another. */
export interface Crossing {
  readonly from: string;
  readonly to: string;
  readonly specifier: string;
  readonly typeOnly: boolean;
  readonly kind: RequestKind;
}

export interface Verdict {
  /** Of the boundary, for the message. */
  readonly name: string;
  readonly message?: string;
}

/** Says whether an import crosses what it must not. */
export type Boundary = (crossing: Crossing) => Verdict | undefined;
