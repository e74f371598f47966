/** Issues that Bulkhead itself reports: problems of detectors, and skipped inputs. */
import { IssueCompleter } from '../../workers/protocol/fingerprint.ts';
import type { DetectorProblem, Finding, Issue } from '../../workers/protocol/detector-protocol.ts';
import type { QuarantinedInput } from '../pool/types.ts';

const startOfFile = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };

/** A problem of a detector, such as a broken configuration or a missing tool, reported on the file to change. */
export function problemIssue(detector: string, problem: DetectorProblem, file: string): Issue {
  return complete(detector, file, {
    rule: problem.code.toLowerCase().replaceAll('_', '-'),
    severity: problem.fatal ? 'error' : 'warning',
    message: problem.message,
    range: problem.range ?? startOfFile,
    ...(problem.cause === undefined ? {} : { cause: problem.cause }),
  });
}

const skipped =
  'Bulkhead skips this file until the file, the detector or its configuration changes. Choose Retry to check it now (in the terminal: --no-cache).';

/** An input that crashed its worker twice is skipped until it changes. This issue says so. */
export function quarantineIssue(input: QuarantinedInput): Issue {
  return complete(input.detector, input.file, {
    rule: 'quarantined',
    severity: 'error',
    message: `${input.reason.message} ${skipped}`,
    range: startOfFile,
  });
}

function complete(detector: string, file: string, finding: Finding): Issue {
  return new IssueCompleter(detector, file, '').complete(finding);
}
