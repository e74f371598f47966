/** Throw-away workspaces for tests of the detectors on the module graph. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface TestWorkspace {
  readonly root: string;
  write(file: string, text: string): void;
  remove(file: string): void;
  [Symbol.dispose](): void;
}

/** @param files texts by path; objects become JSON */
export function workspaceOf(files: Readonly<Record<string, string | object>>): TestWorkspace {
  const root = realpathSync(mkdtempSync(path.join(tmpdir(), 'bulkhead-graph-')));
  const write = (file: string, text: string): void => {
    const absolute = path.join(root, file);
    mkdirSync(path.dirname(absolute), { recursive: true });
    writeFileSync(absolute, text);
  };
  for (const [file, content] of Object.entries(files)) {
    write(file, typeof content === 'string' ? content : JSON.stringify(content, undefined, 2));
  }
  return {
    root,
    write,
    remove: (file) => {
      rmSync(path.join(root, file), { recursive: true, force: true });
    },
    [Symbol.dispose]: () => {
      rmSync(root, { recursive: true, force: true });
    },
  };
}
