/**
 * The one shape of a rule of code. A rule is one file: what it is called, how severe it is, its page and its examples,
 * and one function from a file to findings. Its page (`docs/rules`), its setting and its tests follow from that.
 */
import type { Fix, Range, RelatedPlace } from '../protocol/detector-protocol.ts';
import type { RuleSeverity, ValueSchema } from '../protocol/manifest.ts';
import type { SourceFile } from './source-file.ts';
import type { Node } from './tree.ts';

export interface RuleMeta {
  readonly name: string;
  readonly severity: RuleSeverity;
  /** One sentence: what is reported. Markdown. */
  readonly description: string;
  /** Why it matters and what to do. Markdown. */
  readonly why: string;
  /** Of the Common Weakness Enumeration. */
  readonly cwe?: number;
  /** How often a finding is right, as far as one can tell from the code alone. */
  readonly confidence?: 'high' | 'medium' | 'low';
  /** Options of the detector that the rule reads, by name. */
  readonly options?: Readonly<
    Record<string, ValueSchema & { readonly description: string; readonly default: unknown }>
  >;
  readonly bad: Example;
  readonly good: Example;
}

/** A file of the examples, or several. */
export type Example = string | Readonly<Record<string, string>>;

/** What a rule found, at a node or at a place of the text. */
export interface Found {
  readonly at: Node | Span;
  readonly message: string;
  /** The way to the finding, in order. */
  readonly steps?: readonly Step[];
  readonly fixes?: readonly FoundFix[];
}

export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface Step {
  readonly at: Node | Span;
  readonly message: string;
}

export interface FoundFix {
  readonly title: string;
  readonly kind: Fix['kind'];
  readonly edits: readonly { readonly at: Node | Span; readonly text: string }[];
}

export interface Rule {
  readonly meta: RuleMeta;
  /** Pure: depends on the file and the options only. */
  readonly check: (file: SourceFile, options: Readonly<Record<string, unknown>>) => Iterable<Found>;
}

export type { Range, RelatedPlace };
