/**
 * Types that a command of a framework generates, and which findings follow from their absence. Lives as long as one
 * check.
 */
import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Cause } from '../protocol/detector-protocol.ts';
import { entryAt, readTextSync } from '../protocol/read-file.ts';
import { placeOf, type PackageChain, type PackageFolder } from './package-chain.ts';

interface Generator {
  /** Any of these packages brings the command. */
  readonly packages: readonly string[];
  readonly command: string;
  /** Files or folders that it makes, relative to the package; the types are there if one of them is. */
  readonly makes: readonly string[];
  /** Specifiers that have types only then. */
  readonly gives?: RegExp;
  /** Global names that exist only then. */
  readonly names?: RegExp;
  /** Messages about types that list nothing before. */
  readonly errors?: RegExp;
}

/** A missing output, with what depends on it. */
export interface MissingTypes {
  /** The package that brings the command. */
  readonly generator: string;
  readonly cause: Cause;
  /** Whether a specifier in a file (absolute) has types only when they are there. */
  explains(specifier: string, file: string): boolean;
  explainsName(name: string): boolean;
  explainsError(message: string): boolean;
}

const ROUTES = {
  makes: ['src/routeTree.gen.ts', 'app/routeTree.gen.ts'],
  gives: /(?:^|\/)routeTree\.gen(?:\.[jt]sx?)?$/,
  // `createFileRoute('/about')` knows no path.
  errors: /^Argument of type '"\/.*"' is not assignable to parameter of type 'undefined'/,
};

const generators: readonly Generator[] = [
  {
    packages: ['next'],
    command: 'next typegen',
    makes: ['next-env.d.ts'],
    gives: /\.(?:css|s[ac]ss|png|jpe?g|svg|gif|webp|avif|ico|bmp)$/i,
  },
  {
    packages: ['next'],
    command: 'next typegen',
    makes: ['.next/types', '.next/dev/types'],
    names: /^(?:PageProps|LayoutProps|RouteContext)$/,
  },
  {
    packages: ['@sveltejs/kit'],
    command: 'svelte-kit sync',
    makes: ['.svelte-kit/tsconfig.json'],
    gives: /^\$|^\.{1,2}\/(?:.*\/)?\$types(?:\.js)?$/,
  },
  {
    packages: ['nuxt', 'nuxt-nightly', 'nuxt3'],
    command: 'nuxt prepare',
    makes: ['.nuxt/tsconfig.json', '.nuxt/tsconfig.app.json'],
    gives: /^(?:#|~{1,2}\/|@{1,2}\/)/,
    names: /./,
  },
  {
    packages: ['astro'],
    command: 'astro sync',
    makes: ['.astro/types.d.ts'],
    gives: /^astro:/,
  },
  {
    packages: ['@react-router/dev'],
    command: 'react-router typegen',
    makes: ['.react-router/types'],
    gives: /(?:^|\/)\+types\/|^virtual:react-router\//,
  },
  {
    packages: ['wxt'],
    command: 'wxt prepare',
    makes: ['.wxt/tsconfig.json'],
    gives: /^(?:#|~{1,2}\/|@{1,2}\/)/,
    names: /./,
  },
  {
    packages: ['nitropack', 'nitro'],
    command: 'nitro prepare',
    makes: ['.nitro/types', 'node_modules/.nitro/types', '.nuxt'],
    gives: /^(?:#|~{1,2}\/)/,
    names: /./,
  },
  { packages: ['@pandacss/dev'], command: 'panda codegen', makes: ['styled-system'], gives: /(?:^|\/)styled-system\// },
  { packages: ['fumadocs-mdx'], command: 'fumadocs-mdx', makes: ['.source'], gives: /^(?:fumadocs-mdx:|.*\/\.source)/ },
  { packages: ['@ice/app'], command: 'ice build', makes: ['.ice'], gives: /^ice(?:\/|$)/ },
  { packages: ['@tanstack/router-cli'], command: 'tsr generate', ...ROUTES },
  {
    packages: [
      '@tanstack/router-plugin',
      '@tanstack/router-vite-plugin',
      '@tanstack/react-start',
      '@tanstack/solid-start',
    ],
    command: 'vite build',
    ...ROUTES,
  },
  { packages: ['velite'], command: 'velite build', makes: ['.velite'], gives: /\.velite(?:\/|$)/ },
  { packages: ['convex'], command: 'convex codegen', makes: ['convex/_generated'], gives: /(?:^|\/)_generated\// },
  {
    packages: ['wrangler'],
    command: 'wrangler types',
    makes: ['worker-configuration.d.ts', 'node_modules/@cloudflare/workers-types'],
    gives: /^cloudflare:/,
    // Their types stand for the library of browsers, too.
    names:
      /^(?:Env|Cloudflare|Request|Response|Headers|FormData|Blob|File|URL\w*|WebSocket\w*|Event\w*|Abort\w+|Text(?:En|De)coder\w*|\w+Stream\w*|HTMLRewriter|MessageBatch|Scheduled\w+|fetch|console|crypto|caches|performance|navigator|self|atob|btoa|structuredClone|queueMicrotask|(?:set|clear)(?:Timeout|Interval)|ExecutionContext|ExportedHandler|Fetcher|KVNamespace|D1Database|R2Bucket|Queue|DurableObject\w*)$/,
  },
];

const runners = { npm: 'npx ', pnpm: 'pnpm exec ', yarn: 'yarn ', bun: 'bunx ' } as const;

export class GeneratedTypes {
  readonly #root: string;
  readonly #packages: PackageChain;
  readonly #known = new Map<string, readonly MissingTypes[]>();

  /** @param root absolute */
  constructor(root: string, packages: PackageChain) {
    this.#root = root;
    this.#packages = packages;
  }

  /** What the files of a folder (absolute) lack because a command of their package has not run. */
  missingIn(folder: string): readonly MissingTypes[] {
    return this.#packages
      .of(folder)
      .slice(0, 1)
      .flatMap((own) => this.#absentIn(own))
      .filter(({ generator }) => this.#packages.finds(generator, folder));
  }

  /** What they lack because the package that generates it, for their package or one around it, is not installed. */
  awaitedIn(folder: string): readonly MissingTypes[] {
    return this.#packages
      .of(folder)
      .flatMap((own) => this.#absentIn(own))
      .filter(({ generator }) => !this.#packages.finds(generator, folder));
  }

  #absentIn(own: PackageFolder): readonly MissingTypes[] {
    let missing = this.#known.get(own.directory);
    if (!missing) this.#known.set(own.directory, (missing = this.#absentOf(own)));
    return missing;
  }

  #absentOf(own: PackageFolder): readonly MissingTypes[] {
    const found: MissingTypes[] = [];
    for (const { packages, command, makes, gives, names, errors } of generators) {
      const name = packages.find((one) => own.declared.has(one));
      if (name === undefined) continue;
      const outputs = makes.map((output) => path.join(own.directory, output));
      if (outputs.some((output) => existsSync(output))) continue;
      found.push({
        generator: name,
        cause: this.#cause(own, name, command),
        explains: (specifier, file) => gives?.test(specifier) === true || isIn(outputs, specifier, file),
        explainsName: (global) => names?.test(global) === true,
        explainsError: (message) => errors?.test(message) === true,
      });
    }
    return [...found, ...this.#prisma(own)];
  }

  /** The client of Prisma is generated into `node_modules`, or where the schema says. */
  #prisma(own: PackageFolder): readonly MissingTypes[] {
    const name = ['@prisma/client', 'prisma'].find((one) => own.declared.has(one));
    if (name === undefined) return [];
    const outputs = prismaOutputs(own.directory).filter((output) => !existsSync(output));
    const hasDefault = own.declared.has('@prisma/client') && prismaOutputs(own.directory).length === 0;
    const lacksDefault = hasDefault && !isPrismaGenerated(own.directory);
    if (outputs.length === 0 && !lacksDefault) return [];
    return [
      {
        generator: name,
        cause: this.#cause(own, name, 'prisma generate'),
        explains: (specifier, file) =>
          (lacksDefault && /^\.?@?prisma\/client/.test(specifier)) || isIn(outputs, specifier, file),
        explainsName: () => false,
        explainsError: () => false,
      },
    ];
  }

  #cause(own: PackageFolder, name: string, command: string): Cause {
    const folder = this.#relative(own.directory);
    const { manager } = this.#packages.managerOf(this.#packages.installationOf(own));
    return {
      key: `not-generated ${folder} ${command}`,
      rule: 'not-generated',
      file: this.#relative(path.join(own.directory, 'package.json')),
      range: placeOf(own, name),
      message: `Types that '${name}' generates are missing. Run '${runners[manager]}${command}'${folder === '' ? '' : ` in ${folder}`}.`,
    };
  }

  #relative(absolute: string): string {
    return path.relative(this.#root, absolute).split(path.sep).join('/');
  }
}

/** Whether a relative specifier, or an absolute path, is or lies in one of the outputs or their hidden folders. */
function isIn(outputs: readonly string[], specifier: string, file: string): boolean {
  if (!specifier.startsWith('.') && !path.isAbsolute(specifier)) return false;
  const target = path.resolve(path.dirname(file), specifier);
  return outputs.some((output) => {
    const folder = path.basename(path.dirname(output)).startsWith('.') ? path.dirname(output) : output;
    return target === folder || target.startsWith(folder + path.sep);
  });
}

function prismaOutputs(directory: string): readonly string[] {
  const schemas = ['schema.prisma', 'prisma/schema.prisma', 'prisma/schema'].map((name) => path.join(directory, name));
  return schemas.flatMap(schemaFiles).flatMap((file) => {
    const text = readText(file);
    return [...text.matchAll(/^\s*generator\s+\w+\s*\{([^}]*)\}/gm)].flatMap(([, body = '']) => {
      const output = /^\s*output\s*=\s*"([^"]+)"/m.exec(body)?.[1];
      return output === undefined ? [] : [path.resolve(path.dirname(file), output)];
    });
  });
}

function schemaFiles(place: string): readonly string[] {
  const entry = entryAt(place);
  if (entry === 'file') return [place];
  if (entry !== 'directory') return [];
  try {
    const names = readdirSync(place).filter((name) => name.endsWith('.prisma'));
    return names.map((name) => path.join(place, name));
  } catch {
    return [];
  }
}

/** What the package brings without a generation is a stub of a few lines. */
const stubBytes = 5000;

function isPrismaGenerated(directory: string): boolean {
  for (let at = directory; ; at = path.dirname(at)) {
    const client = path.join(at, 'node_modules', '@prisma', 'client');
    if (existsSync(client)) {
      const generated = path.join(realpathSync.native(client), '..', '..', '.prisma', 'client', 'index.d.ts');
      return (statSync(generated, { throwIfNoEntry: false })?.size ?? 0) > stubBytes;
    }
    if (path.dirname(at) === at) return false;
  }
}

function readText(file: string): string {
  try {
    return readTextSync(file);
  } catch {
    return '';
  }
}
