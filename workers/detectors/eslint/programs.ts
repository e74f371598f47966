/**
 * Which TypeScript program a text was linted with. ESLint keeps that to itself, so the method that lints one text is
 * listened to; the listeners stay as long as the process, programs only while they are asked for.
 */
import type { LinterPrototype } from './engine.ts';
import type { Program } from './program.ts';

const heard = new WeakSet<LinterPrototype>();
let last: Program | undefined;

/** One at a time. @returns also the program of the last text that the work linted, if it was linted with types */
export async function withProgram<T>(
  linter: LinterPrototype,
  work: () => Promise<T>,
): Promise<[T, Program | undefined]> {
  listen(linter);
  last = undefined;
  try {
    const result = await work();
    return [result, last];
  } finally {
    last = undefined;
  }
}

function listen(linter: LinterPrototype): void {
  if (heard.has(linter)) return;
  heard.add(linter);
  const { verifyAndFix } = linter;
  linter.verifyAndFix = function (...request) {
    const result = verifyAndFix.apply(this, request);
    last = (this as LinterPrototype).getSourceCode()?.parserServices?.program ?? undefined;
    return result;
  };
}
