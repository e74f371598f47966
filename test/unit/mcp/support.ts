/** Issues and answers for tests of the MCP server. */
import type { Issue } from '../../../workers/protocol/detector-protocol.ts';
import type { Answerable } from '../../../server/mcp/freshness.ts';

export function anIssue(overrides: Partial<Issue> = {}): Issue {
  const { file = 'src/a.ts', rule = 'no-var' } = overrides;
  const line = overrides.range?.start.line ?? 0;
  return {
    detector: 'eslint',
    rule,
    file,
    severity: 'warning',
    message: 'Unexpected var, use let or const instead.',
    range: { start: { line, character: 0 }, end: { line, character: 3 } },
    fixable: false,
    fingerprint: Buffer.from(`${rule}${file}${line}`).toString('hex').padEnd(16, '0').slice(-16),
    ...overrides,
  };
}

export function known(issues: readonly Issue[], overrides: Partial<Answerable> = {}): Answerable {
  return { state: 'complete', content: 'db69ca84cf01', revision: 7, running: [], gaps: [], issues, ...overrides };
}
