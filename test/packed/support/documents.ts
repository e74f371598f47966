/** The blocks of code in a document. A block says what it is behind its language; see examples.test.ts. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { repository } from '../../support/workspace.ts';

export interface Block {
  readonly language: string;
  readonly label: string;
  readonly code: string;
}

export function blocksOf(document: string): Block[] {
  const text = readFileSync(path.join(repository, document), 'utf8').replaceAll('\r\n', '\n');
  return [...text.matchAll(/^```(\w+)(?: (\S+))?\n([\s\S]*?)^```$/gm)].map(
    ([, language = '', label = '', code = '']) => ({ language, label, code }),
  );
}

export interface ExampleFile {
  readonly name: string;
  readonly code: string;
  /** What it prints, if the document says so. */
  readonly output: string | undefined;
}

export function filesOf(document: string): ExampleFile[] {
  return blocksOf(document)
    .filter(({ label }) => label.startsWith('file='))
    .map(({ label, code }) => ({
      name: label.slice('file='.length),
      code,
      output: /^\/\/ output\n((?:\/\/ .*\n?)+)/m.exec(code)?.[1]?.replaceAll(/^\/\/ /gm, ''),
    }));
}
