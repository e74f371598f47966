/** Generates a project with known kinds of problems for the three detectors. The same seed gives the same project. */
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';

const modules = path.join(import.meta.dirname, '../../node_modules');

export type Random = () => number;

/** mulberry32 */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Writes `count` TypeScript files with an ESLint and a TypeScript configuration into an empty folder. */
export async function writeProject(root: string, count: number, random: Random): Promise<void> {
  await mkdir(path.join(root, 'src'), { recursive: true });
  await mkdir(path.join(root, 'node_modules'), { recursive: true });
  const links = ['eslint', 'typescript-eslint', ['typescript', 'typescript7']] as const;
  for (const link of links) {
    const [name, target] = typeof link === 'string' ? [link, link] : link;
    await symlink(path.join(modules, target), path.join(root, 'node_modules', name), 'junction');
  }
  await writeFile(path.join(root, 'package.json'), JSON.stringify({ name: 'chaos', private: true, type: 'module' }));
  await writeFile(
    path.join(root, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        strict: true,
        module: 'nodenext',
        noEmit: true,
        lib: ['es2023'],
        types: [],
        skipLibCheck: true,
      },
      include: ['src'],
    }),
  );
  await writeFile(path.join(root, 'eslint.config.js'), ESLINT_CONFIG);
  for (let index = 0; index < count; index += 1) {
    await writeFile(path.join(root, 'src', `m${index}.ts`), moduleText(index, count, random));
  }
}

const ESLINT_CONFIG = `import tseslint from 'typescript-eslint';
export default [
  {
    files: ['src/**/*.ts'],
    languageOptions: { parser: tseslint.parser },
    rules: { 'no-debugger': 'error', 'prefer-const': 'warn', eqeqeq: 'error', 'no-empty': 'warn' },
  },
];
`;

function moduleText(index: number, count: number, random: Random): string {
  const imports = Array.from({ length: 3 }, () => Math.floor(random() * count)).filter((other) => other !== index);
  const lines = [...new Set(imports)].map((other) => `import { value${other} } from './m${other}.js';`);
  lines.push(`export const value${index}: number = ${random() < 0.2 ? "'text'" : '1'};`);
  lines.push(`export function sum${index}(): number {`, '  let total = 0;');
  for (const other of new Set(imports)) lines.push(`  total += value${other};`);
  if (random() < 0.2) lines.push('  debugger;');
  if (random() < 0.3) lines.push('  let unchanged = 1;', '  if (unchanged == 2) {}');
  for (let line = 0; line < 40; line += 1) lines.push(`  total += Math.sqrt(${line} + total);`);
  lines.push('  return total;', '}', '');
  return lines.join('\n');
}
