/** The `duplication` detector, as data. */
import { graphChanges, graphSandbox, graphWorker, ignoreOption } from '../../protocol/graph-manifest.ts';
import { rulesOption, type DetectorManifest } from '../../protocol/manifest.ts';

export const manifest = {
  name: 'duplication',
  title: 'Duplication',
  kind: 'graph',
  reports: 'code that stands in several places',
  source: "tokens of the files of Bulkhead's module graph",
  documentation: 'workers/detectors/duplication/README.md',
  changes: graphChanges,
  untrusted: {},
  without: {},
  sandbox: graphSandbox,
  worker: graphWorker,
  cached: true,
  options: {
    ignore: ignoreOption,
    minimumTokens: {
      type: 'integer',
      minimum: 30,
      description:
        'How many tokens (names, literals, operators) a part must have to count as duplicated. SonarQube takes 100, jscpd 50.',
      default: 100,
    },
    minimumLines: {
      type: 'integer',
      minimum: 2,
      description: 'How many lines a part must have to count as duplicated. SonarQube takes 10, jscpd 5.',
      default: 10,
    },
    rules: rulesOption({
      'duplicated-code': {
        default: 'info',
        description:
          'A part of a file that stands elsewhere too, apart from white space, comments and what strings say.',
      },
    }),
  },
} as const satisfies DetectorManifest;
