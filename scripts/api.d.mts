export interface PublicName {
  readonly name: string;
  /** What it is imported from. */
  readonly entry: string;
  readonly kind: 'function' | 'class' | 'interface' | 'type' | 'value';
  /** Empty if it has none. */
  readonly doc: string;
  /** Its declarations without bodies. */
  readonly shape: string;
  /** Its own methods that have no docstring. */
  readonly undocumented: readonly string[];
}
/** Of the entries `bulkhead/workers` and `bulkhead/drivers/*`. */
export function publicNames(): PublicName[];
/** The text of docs/workers-api.md. */
export function apiPage(): Promise<string>;
