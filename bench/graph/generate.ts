/** Generates a realistic workspace of any size: folders with an index each, imports near and far, a few cycles. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export const FILES_PER_FOLDER = 20;

/** Deterministic. Writes `count` modules of about 60 lines with seven imports each, and a tsconfig with `paths`. */
export function generateWorkspace(root: string, count: number): readonly string[] {
  const random = randomNumbers(20261121);
  const files: string[] = [];
  const at = (index: number): string =>
    `src/area${String(Math.floor(index / 400))}/part${String(Math.floor(index / FILES_PER_FOLDER))}/module${String(index)}`;
  for (let index = 0; index < count; index++) {
    const lines: string[] = [];
    const used: string[] = [];
    for (let number = 0; number < 7; number++) {
      // Mostly imports of earlier modules nearby; one in a thousand points forward and closes a cycle.
      const near = Math.floor(random() * Math.min(index, 200)) + 1;
      const target = random() < 0.001 ? Math.min(count - 1, index + Math.floor(random() * 50)) : index - near;
      if (target < 0 || target === index) continue;
      const alias = random() < 0.4;
      const relative = path.posix.relative(path.posix.dirname(at(index)), at(target));
      const specifier = alias
        ? at(target).replace('src/', '@/')
        : relative.startsWith('.')
          ? relative
          : `./${relative}`;
      used.push(`value${String(target)}_${String(number)}`);
      lines.push(`import { value${String(target)} as ${used.at(-1) ?? ''} } from '${specifier}';`);
    }
    lines.push(`import { join } from 'node:path';`, '', `/** What module ${String(index)} is worth. */`);
    lines.push(`export function compute${String(index)}(input: number): number {`);
    for (let line = 0; line < 40; line++)
      lines.push(`  const step${String(line)} = input * ${String(line)} + ${String(index)};`);
    lines.push(`  return step1 + [${used.join(', ')}].length + join('a', 'b').length;`, '}', '');
    lines.push(`export const value${String(index)} = () => compute${String(index)}(${String(index)});`, '');
    const file = `${at(index)}.ts`;
    mkdirSync(path.join(root, path.posix.dirname(file)), { recursive: true });
    writeFileSync(path.join(root, file), lines.join('\n'));
    files.push(file);
  }
  writeFileSync(path.join(root, 'package.json'), JSON.stringify({ name: 'generated', private: true }));
  const compilerOptions = { paths: { '@/*': ['./src/*'] }, module: 'esnext', moduleResolution: 'bundler' };
  writeFileSync(path.join(root, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }));
  return files;
}

function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
