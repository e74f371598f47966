/** Writes the tables of a benchmark into its section of docs/benchmarks.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const file = path.resolve(import.meta.dirname, '..', 'docs', 'benchmarks.md');

/**
 * Replaces what lies between `<!-- name: begin -->` and `<!-- name: end -->`.
 *
 * @param name such as `bench/ipc`
 * @throws Error when the document has no such place
 */
export function writeSection(name: string, text: string): void {
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const before = readFileSync(file, 'utf8');
  const [from, to] = [before.indexOf(begin), before.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${file} has no place for the table: add the lines ${begin} and ${end}.`);
  writeFileSync(file, `${before.slice(0, from)}${begin}\n${text}\n${before.slice(to)}`);
}
