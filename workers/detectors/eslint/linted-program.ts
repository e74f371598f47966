/**
 * Which TypeScript program a text was linted with. ESLint keeps that to itself, so the method that lints one text is
 * listened to; the listeners stay as long as the process, programs only while they are asked for.
 */
import type { LinterPrototype } from './installation.ts';
import type { Program } from './program.ts';

const observed = new WeakSet<LinterPrototype>();
let last: Program | undefined;

/** One at a time. @returns also the program of the last text that the work linted, if it was linted with types */
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
