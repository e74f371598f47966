/** JUnit's XML, which build services show as tests: a suite for each detector, a failed case for each issue. */
import type { Issue } from '../../../workers/protocol/detector-protocol.ts';
import { isIncomplete } from '../../engine/status.ts';
import { ruleOf } from '../listing.ts';
import type { CheckReport, DetectorResult } from '../result.ts';
import { attribute, text } from './markup.ts';

export function* junitReport({ issues, detectors }: CheckReport): Generator<string> {
  const byDetector = Map.groupBy(issues, ({ detector }) => detector);
  const errors = detectors.filter(({ status }) => isIncomplete(status)).length;
  const tests = issues.length + detectors.length;
  yield `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="bulkhead" tests="${String(tests)}" failures="${String(issues.length)}" errors="${String(errors)}">\n`;
  for (const detector of detectors) {
    const own = byDetector.get(detector.name) ?? [];
    yield suiteStart(detector, own.length);
    for (const issue of own) yield testCase(issue);
    yield '  </testsuite>\n';
  }
  yield '</testsuites>\n';
}

/** Its first case is the detector itself, so that a suite without issues is not empty, and one that did not finish not green. */
function suiteStart({ name, status, durationMs, error }: DetectorResult, failures: number): string {
  const failed = isIncomplete(status);
  const counts = `tests="${String(failures + 1)}" failures="${String(failures)}" errors="${failed ? '1' : '0'}"`;
  const start = `  <testsuite name="${attribute(name)}" ${counts} time="${(durationMs / 1000).toFixed(3)}">\n`;
  const ownCase = `    <testcase classname="${attribute(name)}" name="finishes"`;
  return failed
    ? `${start}${ownCase}>\n      <error message="${attribute(error ?? status)}"/>\n    </testcase>\n`
    : `${start}${ownCase}/>\n`;
}

function testCase(issue: Issue): string {
  const { file, range, message, severity, detector } = issue;
  const place = `${file}:${String(range.start.line + 1)}:${String(range.start.character + 1)}`;
  return (
    `    <testcase classname="${attribute(detector)}" name="${attribute(`${ruleOf(issue)} ${place}`)}" file="${attribute(file)}">\n` +
    `      <failure type="${severity}" message="${attribute(message)}">${text(place)}</failure>\n    </testcase>\n`
  );
}
