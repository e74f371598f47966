/** The role of a file by its path: test, tool, private part of a package. Pure, memoized. */
import path from 'node:path';
import type { Manifest, Manifests } from './manifests.ts';

/** Tests and their helpers. Only folders inside the file's package count, because a package may be named `test`. */
export function isTestFile(file: string, manifests: Manifests): boolean {
  return cached(tests, file, manifests, readIsTest);
}

/** Like {@link isTestFile}, but a `test` folder among the sources is not enough: it may hold a feature about tests. */
export function isSurelyTestFile(file: string, manifests: Manifests): boolean {
  if (!isTestFile(file, manifests)) return false;
  return TEST_NAME.test(path.posix.basename(file)) || SURE_TEST_FOLDER.test(below(manifests.packageOf(file), file));
}

/** Whether any part of the path hints at tests: a looser check, for files that may import test code. */
export function isTestHelper(file: string): boolean {
  return /test|spec|mock|(^|\/)e2e\//i.test(file);
}

/** Scripts, configurations and examples: files that are not part of the published package and may import anything. */
export function isToolFile(file: string, manifests: Manifests): boolean {
  return cached(tools, file, manifests, readIsTool);
}

/** Whether the path alone says that a file is for tests. For who looks at one file without its package. */
export function isTestPath(file: string): boolean {
  return TEST_NAME.test(path.posix.basename(file)) || TEST_FOLDER.test(path.posix.dirname(file));
}

/** Whether the path alone says that a file is a script, a configuration or an example. */
export function isToolPath(file: string): boolean {
  return TOOL_NAME.test(path.posix.basename(file)) || TOOL_FOLDER.test(`${path.posix.dirname(file)}/`);
}

/** The private folder that a file is in, which only files of its parent folder may import: `src/db/internal`. */
export function privateFolderOf(file: string): string | undefined {
  const match = /^(.*\/|)(internal|_internal|__internal__|_private|private_)\/[^]*$/.exec(file);
  return match ? `${match[1] ?? ''}${match[2] ?? ''}` : undefined;
}

/** The directory of a package in `apps/` or `applications/`, such as `apps/web`. */
export function applicationOf(manifest: Manifest | undefined): string | undefined {
  return manifest && /(^|\/)(apps|applications)\/[^/]+$/.test(manifest.directory) ? manifest.directory : undefined;
}

const TEST_NAME =
  /\.(test|spec|e2e|cy|stories|story|bench|test-d)\.[cm]?[jt]sx?$|^(jest|vitest|mocha|karma|playwright|cypress)[.-](setup|config|global)/;
const TEST_FOLDER =
  /(^|\/)(__tests?__|__mocks__|__fixtures__|tests?|specs?|e2e|cypress|playwright|fixtures|test[-_]?data|benchmarks?|benches|bench)(\/|$)/;
const SURE_TEST_FOLDER =
  /(^|\/)__(tests?|mocks|fixtures)__\/|^(src\/)?(tests?|specs?|e2e|cypress|playwright|fixtures|test[-_]?data|benchmarks?|benches|bench)\//;
const TOOL_NAME =
  /(^|\.)(config|setup|rc)\.[cm]?[jt]s$|^\.|^(gulpfile|gruntfile|makefile|karma\.conf|webpack\.|rollup\.|vite\.|esbuild)/i;
const TOOL_FOLDER =
  /^(scripts|script|dev|tools|tasks|build|examples?|docs?|website|playground|demos?|samples?|stories|\.storybook)\//;

function below(manifest: Manifest | undefined, file: string): string {
  return manifest && manifest.directory !== '' ? file.slice(manifest.directory.length + 1) : file;
}

function readIsTest(file: string, manifests: Manifests): boolean {
  if (TEST_NAME.test(path.posix.basename(file))) return true;
  return TEST_FOLDER.test(path.posix.dirname(below(manifests.packageOf(file), file)));
}

function readIsTool(file: string, manifests: Manifests): boolean {
  return (
    TOOL_NAME.test(path.posix.basename(file)) ||
    TOOL_FOLDER.test(`${path.posix.dirname(below(manifests.packageOf(file), file))}/`)
  );
}

type Answers = WeakMap<Manifests, Map<string, boolean>>;

const tests: Answers = new WeakMap();
const tools: Answers = new WeakMap();

function cached(
  answers: Answers,
  file: string,
  manifests: Manifests,
  read: (file: string, manifests: Manifests) => boolean,
): boolean {
  let known = answers.get(manifests);
  if (!known) answers.set(manifests, (known = new Map<string, boolean>()));
  let answer = known.get(file);
  if (answer === undefined) known.set(file, (answer = read(file, manifests)));
  return answer;
}
