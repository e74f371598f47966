/** The commands in the configuration of lint-staged. A configuration that is code is read, not executed. */
import path from 'node:path';
import { parseSync } from 'oxc-parser';
import { isRecord } from '../graph/manifests.ts';
import { parseOrUndefined, type ProjectPackages } from './packages.ts';
import { UNKNOWN } from './shell.ts';

export interface StagedCommand {
  /** The files that it is given, as a pattern. */
  readonly pattern: string;
  readonly text: string;
}

/** Of the syntax tree. */
const DEEPEST = 200;
const DATA = ['.lintstagedrc', '.lintstagedrc.json', '.lintstagedrc.yaml', '.lintstagedrc.yml'];
const CODE = ['.lintstagedrc', 'lint-staged.config'].flatMap((name) =>
  ['js', 'mjs', 'cjs', 'ts', 'mts', 'cts'].map((extension) => `${name}.${extension}`),
);

/** @returns the commands, and the file that holds them */
export function stagedCommandsIn(
  folder: string,
  packages: ProjectPackages,
): { readonly file: string; readonly commands: readonly StagedCommand[] } | undefined {
  const own = packages.manifestIn(folder)?.data['lint-staged'];
  if (own !== undefined) return { file: path.join(folder, 'package.json'), commands: commandsOf(own) };
  for (const name of DATA) {
    const file = path.join(folder, name);
    const text = packages.textOf(file);
    if (text !== undefined) return { file, commands: commandsOf(parseOrUndefined(text)) };
  }
  for (const name of CODE) {
    const file = path.join(folder, name);
    const text = packages.textOf(file);
    if (text !== undefined) return { file, commands: commandsInCode(file, text) };
  }
  return undefined;
}

function commandsOf(config: unknown): readonly StagedCommand[] {
  if (!isRecord(config)) return [];
  return Object.entries(config).flatMap(([pattern, value]) =>
    [value].flat().flatMap((text) => (typeof text === 'string' ? [{ pattern: anywhere(pattern), text }] : [])),
  );
}

/** Every string under a key of an object is taken for a command. */
function commandsInCode(file: string, text: string): readonly StagedCommand[] {
  const found: StagedCommand[] = [];
  const visit = (node: unknown, pattern: string | undefined, depth: number): void => {
    if (depth > DEEPEST) return;
    if (Array.isArray(node)) {
      for (const child of node) visit(child, pattern, depth + 1);
      return;
    }
    if (!isRecord(node)) return;
    if (node['type'] === 'Property') {
      const key = isRecord(node['key']) ? node['key'] : {};
      const name = key['value'] ?? key['name'];
      visit(node['value'], typeof name === 'string' ? name : undefined, depth + 1);
      return;
    }
    const written = stringOf(node);
    if (written !== undefined && pattern !== undefined) found.push({ pattern: anywhere(pattern), text: written });
    for (const child of Object.values(node)) visit(child, pattern, depth + 1);
  };
  visit(parseSync(file, text).program, undefined, 0);
  return found;
}

function stringOf(node: Readonly<Record<string, unknown>>): string | undefined {
  const { type, value, quasis } = node;
  if (type === 'Literal' && typeof value === 'string') return value;
  if (type !== 'TemplateLiteral' || !Array.isArray(quasis)) return undefined;
  const parts = (quasis as readonly { readonly value: { readonly cooked?: string } }[]).map(
    (quasi) => quasi.value.cooked,
  );
  return parts.join(` ${UNKNOWN} `);
}

/** A pattern without a slash matches names in every folder. */
function anywhere(pattern: string): string {
  return pattern.includes('/') ? pattern : `**/${pattern}`;
}
