/** Issues that Bulkhead itself reports: a detector's problem with a file, an input that is skipped. */
import { IssueCompleter } from '../../workers/protocol/fingerprint.ts';
import type { DetectorProblem, Finding, Issue } from '../../workers/protocol/detector-protocol.ts';
import type { QuarantinedInput } from '../pool/types.ts';

const wholeFile = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };

/** A configuration that does not load, a tool that is missing: shown on the file that has to be changed. */
export function problemIssue(detector: string, problem: DetectorProblem, file: string): Issue {
  return complete(detector, file, {
    rule: problem.code.toLowerCase().replaceAll('_', '-'),
    severity: problem.fatal ? 'error' : 'warning',
    message: problem.message,
    range: problem.range ?? wholeFile,
  });
}

const leftOut =
  'This one is left out until it, the detector, its settings or its configuration changes, or you choose Retry (terminal: --no-cache).';

/** An input that ended its worker twice is skipped until it changes, and that is said on the input itself. */
export function quarantineIssue(input: QuarantinedInput): Issue {
  return complete(input.detector, input.file, {
    rule: 'quarantined',
    severity: 'error',
    message: `${input.reason.message} ${leftOut}`,
    range: wholeFile,
  });
}

function complete(detector: string, file: string, finding: Finding): Issue {
  return new IssueCompleter(detector, file, '').complete(finding);
}
