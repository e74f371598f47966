/**
 * The `eslint` detector: the workspace's own ESLint, with its own configuration, on the files that the project's own
 * scripts lint.
 *
 * Executes code of the workspace (configurations, plugins), so it needs its own process. README.md in this folder
 * explains the design.
 */
import type { Detector } from '../../protocol/detector.ts';
import { check, forgetSessions } from './check.ts';
import { plan } from './plan.ts';

export const detector: Detector = {
  name: 'eslint',
  version: '2',
  plan: (request, context) => exclusively(() => plan(request, context)),
  check: (request, context) => exclusively(() => check(request, context)),
  dispose: () => exclusively(forgetSessions),
};

/** Plans and checks share the working directory and the parsers' programs, so they run one at a time. */
let running: Promise<unknown> = Promise.resolve();
function exclusively<T>(work: () => T | Promise<T>): Promise<T> {
  const result = running.then(work);
  running = result.catch(() => undefined);
  return result;
}
