/**
 * Names what is declared and not installed, as the detectors name the cause of missing answers. Checks nothing: the
 * problems of its plan are the answer.
 */
import path from 'node:path';
import type { Detector } from '../../protocol/detector.ts';
import { graphOf } from '../../graph/index.ts';
import { Installation } from '../../runtime/installation.ts';

export const detector: Detector = {
  name: 'installation',
  version: '1',
  async plan({ root }, context) {
    const { manifests } = await graphOf(root, { overlays: [], signal: context.signal });
    const installation = new Installation(root);
    const folders = ['', ...[...manifests.members.values()].map(({ directory }) => directory)];
    const causes = folders.flatMap((folder) => installation.partialCauseIn(path.join(root, folder)) ?? []);
    // A package of a workspace may lack the same as the workspace.
    const byKey = new Map(causes.map((cause) => [cause.key, cause]));
    return {
      status: 'not-applicable',
      units: [],
      configFiles: [],
      problems: [...byKey.values()].map(({ file, range, message }) => ({
        code: 'TOOL_MISSING',
        ...{ file, range, message },
        fatal: false,
      })),
    };
  },
  check: () => Promise.resolve({ durationMs: 0, files: 0, issues: 0 }),
};
