/** The data that is sent: issues of about 300 bytes of JSON. */
export interface SampleIssue {
  readonly detector: string;
  readonly rule: string;
  readonly severity: string;
  readonly file: string;
  readonly range: { start: { line: number; character: number }; end: { line: number; character: number } };
  readonly message: string;
  readonly fixable: boolean;
  readonly fingerprint: string;
}

export function sampleIssue(n: number): SampleIssue {
  return {
    detector: 'typescript',
    rule: 'TS2322',
    severity: 'error',
    file: `packages/module-${n % 50}/src/feature/component-${n % 1000}.ts`,
    range: { start: { line: n % 900, character: 12 }, end: { line: n % 900, character: 31 } },
    message: "Type 'string' is not assignable to type 'number'.",
    fixable: false,
    fingerprint: `00c0ffee${n.toString(16).padStart(8, '0')}`,
  };
}

export const BATCH = 100;
