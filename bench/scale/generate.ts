/**
 * Writes a monorepo of TypeScript packages in layers, with project references, as pnpm lays it out. What each module does
 * is nothing; how modules and packages depend on each other is what large repositories look like.
 */
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface Shape {
  readonly packages: number;
  readonly modules: number;
  /** Absolute path of the folder with the tools' packages, to which the monorepo's `node_modules` links. */
  readonly tools: string;
  /** The package there that becomes `typescript`. */
  readonly typescript: string;
}

/** Shares of the packages in each layer: the lowest are imported by all above, the highest by none. */
const LAYERS = [0.05, 0.2, 0.35, 0.3, 0.1];
/** Packages of the layer below that each package imports. */
const IMPORTED = 3;
/** Every module with this number within its package is part of the package's interface. */
const PUBLIC = 3;

/** @returns the number of scripts, and a module that no other package imports */
export function generate(folder: string, shape: Shape): { readonly files: number; readonly leaf: string } {
  rmSync(folder, { recursive: true, force: true });
  const layers = layersOf(shape.packages);
  const write = (file: string, text: string): void => {
    const place = path.join(folder, file);
    mkdirSync(path.dirname(place), { recursive: true });
    writeFileSync(place, text);
  };
  const link = (file: string, target: string): void => {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    symlinkSync(target, path.join(folder, file), 'junction');
  };
  const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

  for (const name of ['eslint', 'typescript-eslint', '@eslint/js'])
    link(`node_modules/${name}`, path.join(shape.tools, name));
  link('node_modules/typescript', path.join(shape.tools, shape.typescript));
  write('package.json', json({ name: 'scale', private: true, type: 'module' }));
  write('pnpm-workspace.yaml', 'packages:\n  - packages/*\n');
  write('.gitignore', 'node_modules/\ndist/\n*.tsbuildinfo\n');
  write(
    'eslint.config.mjs',
    "import js from '@eslint/js';\nimport tseslint from 'typescript-eslint';\nexport default [{ ignores: ['**/dist/**'] }, js.configs.recommended, ...tseslint.configs.recommended];\n",
  );
  const compilerOptions = {
    ...{ target: 'ES2022', lib: ['ES2023'], module: 'ESNext', moduleResolution: 'bundler', strict: true, types: [] },
    ...{ composite: true, declaration: true, skipLibCheck: true },
  };
  write('tsconfig.base.json', json({ compilerOptions }));
  const all = layers.flat();
  write('tsconfig.json', json({ files: [], references: all.map((name) => ({ path: `packages/${name}` })) }));

  for (const [level, layer] of layers.entries()) {
    const below = layers[level - 1] ?? [];
    for (const [index, name] of layer.entries()) {
      const imported = below.filter((_, at) => (at + index) % Math.ceil(below.length / IMPORTED) === 0);
      const base = `packages/${name}`;
      const types = { types: './dist/index.d.ts', default: './dist/index.js' };
      const dependencies = Object.fromEntries(imported.map((other) => [`@scale/${other}`, 'workspace:*']));
      write(`${base}/package.json`, json({ name: `@scale/${name}`, type: 'module', exports: { '.': types }, dependencies })); // prettier-ignore
      const references = imported.map((other) => ({ path: `../${other}` }));
      write(
        `${base}/tsconfig.json`,
        json({ extends: '../../tsconfig.base.json', compilerOptions: { rootDir: 'src', outDir: 'dist' }, include: ['src'], references }), // prettier-ignore
      );
      for (const other of imported) link(`${base}/node_modules/@scale/${other}`, path.join(folder, 'packages', other));
      const numbers = Array.from({ length: shape.modules - 1 }, (_, number) => number);
      for (const number of numbers) write(`${base}/src/${moduleName(number)}.ts`, moduleText(number, imported));
      const shown = numbers.filter((number) => number % PUBLIC === 0);
      write(`${base}/src/index.ts`, shown.map((number) => `export * from './${moduleName(number)}';\n`).join(''));
    }
  }
  const leaf = `packages/${all.at(-1) ?? ''}/src/${moduleName(shape.modules - 2)}.ts`;
  return { files: all.length * shape.modules, leaf };
}

/**
 * Writes modules that import nothing, each in its folder.
 * @param each whether each folder has a tsconfig; otherwise there is one for all of them
 */
export function generateFolders(
  folder: string,
  {
    modules,
    each,
    ...shape
  }: { readonly modules: number; readonly each: boolean } & Pick<Shape, 'tools' | 'typescript'>,
): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(path.join(folder, 'node_modules'), { recursive: true });
  symlinkSync(path.join(shape.tools, shape.typescript), path.join(folder, 'node_modules/typescript'), 'junction');
  writeFileSync(path.join(folder, 'package.json'), '{ "name": "scale", "private": true, "type": "module" }\n');
  const compilerOptions = {
    ...{ target: 'ES2022', lib: ['ES2023'], module: 'ESNext', moduleResolution: 'bundler', strict: true, types: [] },
    ...{ noEmit: true, skipLibCheck: true },
  };
  const tsconfig = (place: string): void =>
    writeFileSync(path.join(place, 'tsconfig.json'), `${JSON.stringify({ compilerOptions })}\n`);
  if (!each) tsconfig(folder);
  for (let number = 0; number < modules; number += 1) {
    const own = path.join(folder, `module-${String(number).padStart(4, '0')}`);
    mkdirSync(own);
    writeFileSync(path.join(own, 'index.ts'), moduleText(0, []));
    if (each) tsconfig(own);
  }
}

function layersOf(packages: number): readonly (readonly string[])[] {
  const names = Array.from({ length: packages }, (_, index) => `p${String(index).padStart(4, '0')}`);
  let start = 0;
  let share = 0;
  return LAYERS.map((part, level) => {
    share += part;
    const end = level === LAYERS.length - 1 ? packages : Math.max(start + 1, Math.round(packages * share));
    const layer = names.slice(start, end);
    start = end;
    return layer;
  });
}

function moduleName(number: number): string {
  return `part-${String(number).padStart(3, '0')}`;
}

function moduleText(number: number, packages: readonly string[]): string {
  const earlier = [...new Set([number - 1, number - 2, Math.floor(number / 2)])].filter(
    (one) => one >= 0 && one < number,
  );
  const other = number % PUBLIC === 0 ? undefined : packages[number % packages.length];
  const own = `Item${number}`;
  return [
    ...earlier.map((one) => `import { sum${one}, type Item${one} } from './${moduleName(one)}';`),
    ...(other === undefined ? [] : [`import { make0 as makeOther, type Item0 as Other } from '@scale/${other}';`]),
    '',
    `export interface ${own} {`,
    `  readonly id: string;`,
    `  readonly amount: number;`,
    `  readonly labels: readonly string[];`,
    `  readonly parent?: ${own};`,
    ...earlier.map((one) => `  readonly part${one}?: Item${one};`),
    ...(other === undefined ? [] : [`  readonly other?: Other;`]),
    `}`,
    '',
    `export type Event${number} =`,
    `  | { readonly type: 'created'; readonly value: ${own} }`,
    `  | { readonly type: 'changed'; readonly before: ${own}; readonly after: Partial<${own}> }`,
    `  | { readonly type: 'removed'; readonly id: string };`,
    '',
    `export function make${number}(id: string, amount = ${number}): ${own} {`,
    `  return { id, amount, labels: [id]${other === undefined ? '' : ', other: makeOther(id)'} };`,
    `}`,
    '',
    `export function sum${number}(item: ${own}): number {`,
    `  return item.amount${earlier.map((one) => ` + (item.part${one} ? sum${one}(item.part${one}) : 0)`).join('')};`,
    `}`,
    '',
    `export class Store${number} {`,
    `  readonly #items = new Map<string, ${own}>();`,
    '',
    `  apply(event: Event${number}): void {`,
    `    switch (event.type) {`,
    `      case 'created':`,
    `        this.#items.set(event.value.id, event.value);`,
    `        break;`,
    `      case 'changed':`,
    `        this.#items.set(event.before.id, { ...event.before, ...event.after });`,
    `        break;`,
    `      case 'removed':`,
    `        this.#items.delete(event.id);`,
    `    }`,
    `  }`,
    '',
    `  total(): number {`,
    `    return [...this.#items.values()].reduce((total, item) => total + sum${number}(item), 0);`,
    `  }`,
    `}`,
    '',
  ].join('\n');
}
