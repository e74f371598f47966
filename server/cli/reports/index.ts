/** Reports that other programs and people read: `--format` prints one, `--output FORMAT=FILE` writes any number of files. */
import type { CheckReport } from '../result.ts';
import type { ReportFormat } from './formats.ts';
import { githubAnnotations } from './github.ts';
import { gitlabReport } from './gitlab.ts';
import { htmlReport } from './html.ts';
import { jsonReport } from './json.ts';
import { junitReport } from './junit.ts';
import { markdownReport } from './markdown.ts';
import { githubSarif, sarifReport } from './sarif.ts';

/** The text in pieces, so that a large report is not in memory as a whole. */
type Writer = (report: CheckReport) => Iterable<string>;

const writers: Readonly<Record<ReportFormat, Writer>> = {
  json: jsonReport,
  sarif: sarifReport,
  'sarif-github': githubSarif,
  github: githubAnnotations,
  gitlab: gitlabReport,
  junit: junitReport,
  markdown: markdownReport,
  html: htmlReport,
};

export function reportText(format: ReportFormat, report: CheckReport): Iterable<string> {
  return writers[format](report);
}
