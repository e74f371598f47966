/**
 * Finds the TypeScript program with which a text was linted. ESLint does not expose it, so the method that lints one
 * text is wrapped. The wrapper stays until the process ends; a program is held only while `withProgram` runs.
 */
import type { LinterPrototype } from './installation.ts';
import type { Program } from './program.ts';

const observed = new WeakSet<LinterPrototype>();
let last: Program | undefined;

/**
 * Must not run concurrently.
 * @returns the result, and the program of the last text that was linted, if it has type information
 */
export async function withProgram<T>(
  linter: LinterPrototype,
  work: () => Promise<T>,
): Promise<[T, Program | undefined]> {
  observe(linter);
  last = undefined;
  try {
    const result = await work();
    return [result, last];
  } finally {
    last = undefined;
  }
}

function observe(linter: LinterPrototype): void {
  if (observed.has(linter)) return;
  observed.add(linter);
  const { verifyAndFix } = linter;
  linter.verifyAndFix = function (...request) {
    const result = verifyAndFix.apply(this, request);
    last = (this as LinterPrototype).getSourceCode()?.parserServices?.program ?? undefined;
    return result;
  };
}
