import type { Target } from './targets.mjs';
export interface PackedFile {
  readonly name: string;
  readonly size: number;
  readonly mode: number;
}
export function problemsOf(name: string, target: Target, files: readonly PackedFile[], bytes: number): string[];
