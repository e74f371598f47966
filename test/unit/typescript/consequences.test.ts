import assert from 'node:assert/strict';
import { mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { Consequences } from '../../../workers/detectors/typescript/consequences.ts';
import { isTypedByContext } from '../../../workers/detectors/typescript/contextual.ts';
import { NOWHERE, type Diagnostic } from '../../../workers/detectors/typescript/session.ts';
import { readTextSync } from '../../../workers/protocol/read-file.ts';
import { makeWorkspace } from '../../support/workspace.ts';

const manifest = (...names: readonly string[]): string =>
  JSON.stringify({ name: 'p', dependencies: Object.fromEntries(names.map((name) => [name, '*'])) });

const diagnostic = (code: number, message: string): Diagnostic => ({
  range: NOWHERE,
  code,
  severity: 'error',
  message,
});
const notFound = (specifier: string): Diagnostic =>
  diagnostic(2307, `Cannot find module '${specifier}' or its corresponding type declarations.`);

/** The rules of the causes of some diagnostics of `src/a.ts`; `-`: none. */
async function causesOf(
  files: Readonly<Record<string, string>>,
  diagnostics: readonly Diagnostic[],
  at: string | undefined = 'src/a.ts',
): Promise<readonly string[]> {
  await using workspace = await makeWorkspace({ '.git/HEAD': '', 'tsconfig.json': '{}', ...files });
  const { root } = workspace;
  const textOf = (file: string): string | undefined => {
    try {
      return readTextSync(file);
    } catch {
      return undefined;
    }
  };
  const consequences = new Consequences(root, path.join(root, 'tsconfig.json'), textOf);
  const causes = consequences.of(at === undefined ? undefined : path.join(root, at), diagnostics);
  return causes.map((cause) => cause?.rule ?? '-');
}

const bare = { 'package.json': manifest('react', 'vite', '@types/node', '@types/react') };
const installed = {
  ...bare,
  ...Object.fromEntries(
    ['react', 'vite', '@types/node', '@types/react'].map((name) => [`node_modules/${name}/package.json`, '{}']),
  ),
};

describe('typescript: what follows from a submodule that is not checked out', () => {
  it('is what its folder would hold, by a relative path or by paths of the project', async () => {
    const files = {
      ...installed,
      '.gitmodules': '[submodule "common"]\n\tpath = "libs/common"\n\turl = ../common.git\n[submodule "there"]\n  path=libs/there\n',
      'libs/there/a.txt': '',
      'tsconfig.json': JSON.stringify({ compilerOptions: { paths: { '@c/*': ['./libs/common/src/*'], '@t/*': ['./libs/there/*'] } } }),
    }; // prettier-ignore
    const asked = ['../libs/common/a', '../libs/common', '../libs/commons', '../libs/there/a', '@c/a', '@t/a'];
    const causes = await causesOf(files, asked.map(notFound));
    assert.deepEqual(causes, ['submodule-missing', 'submodule-missing', '-', '-', 'submodule-missing', '-']);
    const checkedOut = { ...files, 'libs/common/b.ts': '' };
    assert.deepEqual(await causesOf(checkedOut, [notFound('../libs/common/a')]), ['-']);
  });
});

describe('typescript: what follows from a package of the repository that is not built', () => {
  const core = { name: '@p/core', exports: { '.': { types: './dist/index.d.ts' }, './sub/*': './dist/sub/*.js' } };
  const files = {
    'package.json': JSON.stringify({ name: 'p', exports: './dist/index.js', scripts: { build: 'tsc' }, workspaces: ['packages/*'] }),
    'packages/core/package.json': JSON.stringify({ ...core, scripts: { compile: 'tsup' } }),
    'packages/plain/package.json': JSON.stringify({ name: 'plain', main: './lib/index.js' }),
    'packages/unscripted/package.json': JSON.stringify({ name: 'other', exports: './dist/index.js' }),
  }; // prettier-ignore
  const asked = [
    '@p/core',
    '@p/core/sub/a',
    '@p/core/none',
    'p',
    'p/none',
    'plain',
    'plain/none',
    'absent',
    '../dist/x',
    '../dost/x',
  ];

  async function causes(more: Readonly<Record<string, string>>): Promise<readonly string[]> {
    await using workspace = await makeWorkspace({ '.git/HEAD': '', 'tsconfig.json': '{}', ...files, ...more });
    const { root } = workspace;
    await mkdir(path.join(root, 'node_modules/@p'), { recursive: true });
    await symlink(path.join(root, 'packages/core'), path.join(root, 'node_modules/@p/core'), 'junction');
    await symlink(path.join(root, 'packages/plain'), path.join(root, 'node_modules/plain'), 'junction');
    const consequences = new Consequences(root, path.join(root, 'tsconfig.json'), () => undefined);
    const found = consequences.of(path.join(root, 'src/a.ts'), asked.map(notFound));
    return found.map((cause) => cause?.message ?? '-');
  }

  it('is folded for what its manifest promises, with the script that makes it', async () => {
    const compile = "'@p/core' is not built, so its types are missing. Run 'npm run compile' in packages/core.";
    const build = (name: string): string => `'${name}' is not built, so its types are missing. Run 'npm run build'.`;
    assert.deepEqual(await causes({}), [
      compile,
      compile,
      '-',
      build('p'),
      '-',
      build('plain'),
      '-',
      '-',
      build('p'),
      '-',
    ]);
  });

  it('is a fault of the code once it is built', async () => {
    const built = { 'packages/core/dist/index.d.ts': '', 'packages/core/dist/sub/a.js': '', 'dist/index.d.ts': '' };
    const all = await causes({ ...built, 'packages/plain/lib/index.js': '' });
    assert.deepEqual(
      all,
      asked.map(() => '-'),
    );
  });
});

describe('typescript: what follows from a missing installation', () => {
  const following = [
    notFound('react'),
    notFound('react-dom/client'),
    notFound('node:path'),
    notFound('fs'),
    notFound('virtual:pwa-register'),
    notFound('./logo.svg'),
    notFound('/vite.svg'),
    diagnostic(7026, "JSX element implicitly has type 'any' because no interface 'JSX.IntrinsicElements' exists."),
    diagnostic(2874, "This JSX tag requires 'React' to be in scope, but it could not be found."),
    diagnostic(2875, "This JSX tag requires the module path 'react/jsx-runtime' to exist, but none could be found."),
    diagnostic(2688, "Cannot find type definition file for 'vite/client'."),
    diagnostic(2339, "Property 'unref' does not exist on type 'number'."),
    diagnostic(2688, "Cannot find type definition file for 'node'."),
    diagnostic(2580, "Cannot find name 'process'. Do you need to install type definitions for node?"),
    diagnostic(2591, "Cannot find name 'node:path'. Do you need to install type definitions for node?"),
    diagnostic(2582, "Cannot find name 'describe'. Do you need to install type definitions for a test runner?"),
    diagnostic(2304, "Cannot find name 'expect'."),
    diagnostic(2503, "Cannot find namespace 'React'."),
    diagnostic(7016, "Could not find a declaration file for module 'react'."),
    diagnostic(2354, "This syntax requires an imported helper but module 'tslib' cannot be found."),
    diagnostic(2664, "Invalid module name in augmentation, module 'vue-router' cannot be found."),
    diagnostic(2882, "Cannot find module or type declarations for side-effect import of 'react/style.css'."),
    diagnostic(2339, "Property 'env' does not exist on type 'ImportMeta'."),
    diagnostic(
      7053,
      "Element implicitly has an 'any' type because expression of type 'any' can't be used to index type '{}'.",
    ),
  ];
  const faults = [
    notFound('./missing'),
    notFound('../gone.js'),
    notFound('@/alias'),
    notFound('~/alias'),
    notFound('./missing.svg'),
    diagnostic(2322, "Type 'string' is not assignable to type 'number'."),
    diagnostic(2304, "Cannot find name 'tpyo'."),
    diagnostic(2339, "Property 'x' does not exist on type '{}'."),
    diagnostic(
      7053,
      "Element implicitly has an 'any' type because expression of type 'string' can't be used to index type '{}'.",
    ),
    diagnostic(2305, `Module '"./b"' has no exported member 'c'.`),
  ];

  it('is folded where nothing is installed, and nothing else is', async () => {
    const found = await causesOf({ ...bare, 'src/logo.svg': '' }, [...following, ...faults]);
    assert.deepEqual(
      [...following, ...faults].flatMap(({ message }, index) => {
        const expected = index < following.length ? 'not-installed' : '-';
        return found[index] === expected ? [] : [`${message} → ${found[index] ?? ''}`];
      }),
      [],
    );
  });

  it('is a fault of the code where all is installed', async () => {
    const found = await causesOf({ ...installed, 'src/logo.svg': '' }, [...following, ...faults]);
    assert.deepEqual(new Set(found), new Set(['-']));
  });

  it('is folded for the one dependency that is missing; a misspelled name is not', async () => {
    const files = { ...installed, 'package.json': manifest('react', 'vite', 'new-one', '@types/debug') };
    const found = await causesOf({ ...files, 'node_modules/debug/package.json': '{}' }, [
      notFound('new-one/deep'),
      notFound('new-noe'),
      notFound('react/typo'),
      diagnostic(7016, "Could not find a declaration file for module 'debug'."),
    ]);
    assert.deepEqual(found, ['not-installed', '-', '-', 'not-installed']);
  });

  it('is no file that an alias of the project leads to; what its folder is generated for is', async () => {
    const files = {
      'package.json': JSON.stringify({
        dependencies: { react: '*', '@own/listed': '*' },
        imports: { '#own/*': { default: './src/*.js' }, '#made/*': './made/*.js', '#react': 'react' },
      }),
      'src/b.ts': '',
      'src/logo.png': '',
      'tsconfig.json': JSON.stringify({ extends: './base/tsconfig.json' }),
      'base/tsconfig.json': JSON.stringify({
        compilerOptions: { paths: { '@own/*': ['../src/*'], '~/*': ['../src/*'], '@made/*': ['../made/*'], exact: ['../src/gone'] } },
      }),
    }; // prettier-ignore
    const missing = 'not-installed';
    const own = ['@own/gone', '~/gone', '#own/gone', 'exact'].map(notFound);
    assert.deepEqual(await causesOf(files, own), ['-', '-', '-', '-']);
    const others = [
      '@own/listed',
      '@made/gone',
      '#made/gone',
      '#react',
      '@other/a',
      '@virtual-plan',
      '~/logo.png?url',
    ].map(notFound);
    assert.deepEqual(await causesOf(files, others), Array<string>(others.length).fill(missing));
    const basic = JSON.stringify({
      compilerOptions: { baseUrl: './src', paths: { '@own/*': ['../lib/*', './own/*'] } },
    });
    const byBase = { ...files, 'src/own/a.ts': '', 'tsconfig.json': basic };
    assert.deepEqual(await causesOf(byBase, [notFound('@own/gone'), notFound('~/gone')]), ['-', '-']);
  });

  it('is folded where another version of TypeScript answers, for options that nobody states', async () => {
    const files = (options: string): Readonly<Record<string, string>> => ({
      'package.json': manifest('typescript'),
      'tsconfig.json': `{ "compilerOptions": ${options} }`,
      'src/a.ts': 'function f(x) {}',
    });
    const found = [
      diagnostic(5108, "Option 'target=ES5' has been removed."),
      diagnostic(5090, 'Non-relative paths are not allowed. Did you forget a leading ./?'),
      diagnostic(7006, "Parameter 'x' implicitly has an 'any' type."),
      diagnostic(17004, "Cannot use JSX unless the '--jsx' flag is provided."),
      diagnostic(6059, "File '/p/src/a.ts' is not under 'rootDir' '/p/test'."),
    ];
    const missing = 'not-installed';
    assert.deepEqual(await causesOf(files('{}'), found), [missing, missing, missing, missing, missing]);
    const stated = files('{ "strict": true, "jsx": "react", "rootDir": "." }');
    assert.deepEqual(await causesOf(stated, found), [missing, missing, '-', '-', '-']);
    const alias = [notFound('@/a'), diagnostic(5023, "Unknown compiler option 'importsNotUsedAsValues'.")];
    assert.deepEqual(await causesOf(files('{ "baseUrl": "." }'), alias), [missing, missing]);
    assert.deepEqual(await causesOf(files('{}'), alias), ['-', missing]);
    const there = { ...files('{}'), 'node_modules/typescript/package.json': '{}' };
    assert.deepEqual(await causesOf(there, found), ['-', '-', '-', '-', '-']);
  });

  it('is folded for global names of types that are listed, elements, and members that are inherited', async () => {
    const listed = '{ "compilerOptions": { "types": ["vitest/globals"] } }';
    const unknown = [diagnostic(2304, "Cannot find name 'anything'.")];
    assert.deepEqual(await causesOf({ ...bare, 'tsconfig.json': listed }, unknown), ['not-installed']);
    const text = 'class Part extends Component {}\nconst e = <Part k={1} />;\nclass Own {}\nconst o = f();\n';
    const at = (line: number, character: number, code: number, message: string): Diagnostic => {
      const start = { line, character };
      return { range: { start, end: start }, code, severity: 'error', message };
    };
    const found = await causesOf(
      { ...bare, 'src/a.tsx': text },
      [
        at(1, 11, 2741, "Property 'children' is missing in type '{}' but required in type '{ children: any; }'."),
        at(1, 16, 2322, "Type '{ key: string; }' is not assignable to type '{}'."),
        at(1, 16, 2322, "Type 'number' is not assignable to type 'string'."),
        at(3, 10, 2741, "Property 'a' is missing in type '{}' but required in type '{ a: any; }'."),
        at(0, 0, 2339, "Property 'state' does not exist on type 'Part'."),
        at(0, 0, 2339, "Property 'state' does not exist on type 'Own'."),
        at(0, 0, 2578, "Unused '@ts-expect-error' directive."),
        at(0, 0, 2503, "Cannot find namespace 'babel'."),
      ],
      'src/a.tsx',
    );
    const missing = 'not-installed';
    assert.deepEqual(found, [missing, missing, '-', '-', missing, '-', missing, missing]);
  });

  it('is folded where a type is unknown because it is inferred; what a catch gives is so anyway', async () => {
    const unknown = [
      diagnostic(18046, "'value' is of type 'unknown'."),
      diagnostic(18046, "'error' is of type 'unknown'."),
    ];
    const files = {
      ...bare,
      'src/a.ts': 'for (const value of Object.values(o)) try { value.f(); } catch (error) { error.f(); }',
    };
    assert.deepEqual(await causesOf(files, unknown), ['not-installed', '-']);
  });

  it('is folded for what Node has in common with browsers, if the types of Node are declared', async () => {
    const asked = [
      diagnostic(2304, "Cannot find name 'URL'."),
      diagnostic(2552, "Cannot find name 'URL'. Did you mean 'url'?"),
      diagnostic(2339, "Property 'clearTimeout' does not exist on type 'typeof globalThis'."),
      diagnostic(2693, "'Response' only refers to a type, but is being used as a value here."),
      diagnostic(2304, "Cannot find name 'Url'."),
      diagnostic(2693, "'Options' only refers to a type, but is being used as a value here."),
    ];
    const expected = ['not-installed', 'not-installed', 'not-installed', 'not-installed', '-', '-'];
    assert.deepEqual(await causesOf(bare, asked), expected);
    assert.deepEqual(
      await causesOf(installed, asked),
      asked.map(() => '-'),
    );
    const withoutTypes = { ...installed, 'package.json': manifest('react') };
    assert.deepEqual(
      await causesOf(withoutTypes, asked),
      asked.map(() => '-'),
    );
  });

  it('is folded for errors about types that the file does not declare', async () => {
    const text = [
      "import { Duplex } from 'node:stream';",
      "import { Options } from './options';",
      'interface Own { a: string }',
      'class Request extends Duplex { override end(): void {} }',
      'function pick<Key>(key: Key): Key { return key; }',
    ].join('\n');
    const following = [
      diagnostic(2551, "Property 'destroy' does not exist on type 'Request'. Did you mean '_destroy'?"),
      diagnostic(4112, "This member cannot have an 'override' modifier because its containing class 'Request' does not extend another class."),
      diagnostic(2345, "Argument of type 'unknown' is not assignable to parameter of type 'string | undefined'."),
      diagnostic(2488, "Type '{}' must have a '[Symbol.iterator]()' method that returns an iterator."),
      diagnostic(2322, "Type 'Options' is not assignable to type 'string'."),
      diagnostic(2339, "Property '__TOOLS__' does not exist on type 'Window & typeof globalThis'."),
      diagnostic(2345, "Argument of type 'true' is not assignable to parameter of type 'false'."),
      diagnostic(2420, "Class 'Own' incorrectly implements interface 'Emitter<Own>'."),
    ]; // prettier-ignore
    const own = [
      diagnostic(2322, "Type 'string' is not assignable to type 'number'."),
      diagnostic(2345, "Argument of type '\"a\"' is not assignable to parameter of type 'Promise<number>'."),
      diagnostic(2339, "Property 'Missing' does not exist on type 'Own'."),
      diagnostic(2322, "Type '{ Name: string; }' is not assignable to type 'Own[]'."),
      diagnostic(2304, "Cannot find name 'Missing'."),
      diagnostic(2345, "Argument of type 'string' is not assignable to parameter of type 'Key'."),
      diagnostic(1005, "';' expected."),
      diagnostic(6133, "'Options' is declared but its value is never read."),
    ];
    const causes = await causesOf({ ...bare, 'src/a.ts': text }, [...following, ...own]);
    assert.deepEqual(causes, [...following.map(() => 'not-installed'), ...own.map(() => '-')]);
    const all = await causesOf({ ...installed, 'src/a.ts': text }, [...following, ...own]);
    assert.deepEqual(
      all.filter((cause) => cause !== '-'),
      [],
    );
  });

  it('is folded for global names of a framework that is not installed', async () => {
    const names = ['LayoutProps', 'useState'].map((name) => diagnostic(2304, `Cannot find name '${name}'.`));
    assert.deepEqual(await causesOf({ 'package.json': manifest('next') }, names), ['not-installed', '-']);
    assert.deepEqual(await causesOf({ 'package.json': manifest('nuxt') }, names), ['not-installed', 'not-installed']);
    const fixture = { 'package.json': manifest('nuxt'), 'fixture/package.json': '{}' };
    assert.deepEqual(await causesOf(fixture, names, 'fixture/nuxt.config.ts'), ['not-installed', 'not-installed']);
    assert.deepEqual(await causesOf(bare, names), ['-', '-']);
  });

  it('is folded for global types, which types of packages bring', async () => {
    const noArray = [diagnostic(2318, "Cannot find global type 'Array'.")];
    assert.deepEqual(await causesOf(bare, noArray, 'tsconfig.json'), ['not-installed']);
    assert.deepEqual(await causesOf(installed, noArray, 'tsconfig.json'), ['-']);
  });

  it('a jsconfig that checks no file may have options that this compiler does not know', async () => {
    const isMoot = async (name: string, text: string): Promise<boolean> => {
      await using workspace = await makeWorkspace({ [name]: text });
      const consequences = new Consequences(workspace.root, path.join(workspace.root, name), () => text);
      return consequences.isMoot(diagnostic(5102, "Option 'baseUrl' has been removed."));
    };
    assert.equal(await isMoot('jsconfig.json', '{ "compilerOptions": { "baseUrl": "." } }'), true);
    assert.equal(await isMoot('jsconfig.json', '{ "compilerOptions": { "baseUrl": ".", "checkJs": true } }'), false);
    assert.equal(await isMoot('tsconfig.json', '{ "compilerOptions": { "baseUrl": "." } }'), false);
  });

  it('is no matter of ours inside of installed packages', async () => {
    assert.deepEqual(await causesOf(bare, [notFound('x')], 'node_modules/a/index.d.ts'), ['-']);
  });
});

describe('typescript: what follows from a missing configuration or generation', () => {
  const unread = (file: string): Diagnostic => diagnostic(6053, `File '${file}' not found.`);

  it('is folded with what its options would change', async () => {
    const files = { ...installed, 'package.json': manifest('@tsconfig/node22', 'react') };
    const found = await causesOf({ ...files, 'tsconfig.json': '{ "extends": "@tsconfig/node22/tsconfig.json" }' }, [
      diagnostic(2583, "Cannot find name 'Map'. Do you need to change your target library?"),
      notFound('@/alias'),
      diagnostic(17004, "Cannot use JSX unless the '--jsx' flag is provided."),
      notFound('./missing'),
      diagnostic(2322, "Type 'string' is not assignable to type 'number'."),
    ]);
    assert.deepEqual(found, ['not-installed', 'not-installed', 'not-installed', '-', '-']);
    const tsconfig = { 'tsconfig.json': '{ "extends": "@tsconfig/node22/tsconfig.json" }' };
    assert.deepEqual(await causesOf({ ...files, ...tsconfig }, [unread('@tsconfig/node22/tsconfig.json')], undefined), [
      'not-installed',
    ]);
  });

  it('of SvelteKit and Nuxt: paths, generated modules and auto-imports', async () => {
    const kit = {
      ...{ 'package.json': manifest('@sveltejs/kit'), 'node_modules/@sveltejs/kit/package.json': '{}' },
      'tsconfig.json': '{ "extends": "./.svelte-kit/tsconfig.json" }',
    };
    const modules = [notFound('$lib/a'), notFound('$app/state'), notFound('./$types'), notFound('./typo')];
    assert.deepEqual(await causesOf(kit, modules), ['not-generated', 'not-generated', 'not-generated', '-']);
    const nuxt = {
      ...{ 'package.json': manifest('nuxt'), 'node_modules/nuxt/package.json': '{}' },
      'tsconfig.json': '{ "extends": "./.nuxt/tsconfig.json" }',
    };
    const names = [diagnostic(2304, "Cannot find name 'useFetch'."), notFound('#imports'), notFound('~/a')];
    assert.deepEqual(await causesOf(nuxt, names), ['not-generated', 'not-generated', 'not-generated']);
  });

  it('of SvelteKit, not installed either: installing comes first', async () => {
    const files = {
      'package.json': manifest('@sveltejs/kit'),
      'tsconfig.json': '{ "extends": "./.svelte-kit/tsconfig.json" }',
    };
    const modules = [notFound('$lib/a'), notFound('./$types'), notFound('../$types.js'), notFound('./typo')];
    assert.deepEqual(await causesOf(files, modules), ['not-installed', 'not-installed', 'not-installed', '-']);
  });

  it('of what a package generates that is not installed: paths of its outputs, and global names', async () => {
    const generated = (name: string): Readonly<Record<string, string>> => ({ 'package.json': manifest(name) });
    const types = [notFound('./+types/home'), notFound('./types/home')];
    assert.deepEqual(await causesOf(generated('@react-router/dev'), types), ['not-installed', '-']);
    const api = [notFound('../convex/_generated/api'), notFound('../convex/api')];
    assert.deepEqual(await causesOf(generated('convex'), api), ['not-installed', '-']);
    const names = [diagnostic(2304, "Cannot find name 'KVNamespace'."), diagnostic(2304, "Cannot find name 'typo'.")];
    assert.deepEqual(await causesOf(generated('wrangler'), names), ['not-installed', '-']);
    const schema = 'generator client {\n  output = "../src/generated/prisma"\n}\n';
    const prisma = { ...generated('prisma'), 'prisma/schema.prisma': schema };
    const clients = [notFound('./generated/prisma/client'), notFound('./generated/other')];
    assert.deepEqual(await causesOf(prisma, clients), ['not-installed', '-']);
  });

  it('of ice.js and TanStack Router: modules that the first build makes', async () => {
    const files = (...names: readonly string[]): Readonly<Record<string, string>> => ({
      'package.json': manifest(...names),
      'tsconfig.json': '{ "compilerOptions": { "paths": { "ice": [".ice"] } } }',
    });
    const there = (name: string): Readonly<Record<string, string>> => ({ ...files(name), [`node_modules/${name}/package.json`]: '{}' }); // prettier-ignore
    const found = [
      ...['ice', './routeTree.gen', './gone'].map(notFound),
      diagnostic(2345, `Argument of type '"/about"' is not assignable to parameter of type 'undefined'.`),
      diagnostic(2345, "Argument of type '1' is not assignable to parameter of type 'undefined'."),
    ];
    const [uninstalled, unmade] = ['not-installed', 'not-generated'];
    const both = files('@ice/app', '@tanstack/react-start');
    assert.deepEqual(await causesOf(both, found), [uninstalled, uninstalled, '-', uninstalled, '-']);
    assert.deepEqual(await causesOf(there('@ice/app'), found), [unmade, '-', '-', '-', '-']);
    assert.deepEqual(await causesOf(there('@tanstack/react-start'), found), ['-', unmade, '-', unmade, '-']);
    const made = { ...there('@tanstack/react-start'), 'src/routeTree.gen.ts': '' };
    assert.deepEqual(await causesOf(made, found), ['-', '-', '-', '-', '-']);
  });

  it('of React Router: types of routes, and the module of the server', async () => {
    const files = {
      'package.json': manifest('@react-router/dev'),
      'node_modules/@react-router/dev/package.json': '{}',
    };
    const found = ['./+types/root', 'virtual:react-router/server-build', 'virtual:other'].map(notFound);
    assert.deepEqual(await causesOf(files, found), ['not-generated', 'not-generated', '-']);
  });

  it('of Cloudflare Workers: the library of the run time, which the types declare', async () => {
    const files = { 'package.json': manifest('wrangler'), 'node_modules/wrangler/package.json': '{}' };
    const names = ['Response', 'fetch', 'Responses', 'document'].map((name) => diagnostic(2304, `Cannot find name '${name}'.`)); // prettier-ignore
    assert.deepEqual(await causesOf(files, names), ['not-generated', 'not-generated', '-', '-']);
    assert.deepEqual(await causesOf({ ...files, 'worker-configuration.d.ts': '' }, names), ['-', '-', '-', '-']);
  });

  it('of React Native: files for a platform, whose suffixes the missing configuration lists', async () => {
    const files = {
      'package.json': manifest('@react-native/typescript-config'),
      'tsconfig.json': '{ "extends": "@react-native/typescript-config" }',
      ...{ 'src/Button.ios.tsx': '', 'src/Card.test.ts': '' },
    };
    const modules = [notFound('./Button'), notFound('./Button.js'), notFound('./Card'), notFound('./Butt')];
    const cause = 'not-installed';
    assert.deepEqual(await causesOf(files, modules), [cause, cause, '-', '-']);
    assert.deepEqual(await causesOf({ ...files, 'tsconfig.json': '{}' }, modules), ['-', '-', '-', '-']);
  });

  it('of a framework that generates a base: no files are found without it', async () => {
    const files = {
      'package.json': manifest('@sveltejs/kit'),
      'tsconfig.json': '{ "extends": "./.svelte-kit/tsconfig.json" }',
    };
    const noFiles = diagnostic(18003, 'No inputs were found in config file.');
    const found = [notFound('$lib/a'), notFound('./$types'), notFound('./types'), noFiles];
    assert.deepEqual(await causesOf(files, found), ['not-installed', 'not-installed', '-', 'not-installed']);
  });

  it('of Prisma: members of a client that is a stub', async () => {
    const files = {
      'package.json': manifest('@prisma/client'),
      'node_modules/@prisma/client/package.json': '{}',
    };
    const member = (module: string): Diagnostic =>
      diagnostic(2305, `Module '"${module}"' has no exported member 'User'.`);
    assert.deepEqual(await causesOf(files, [member('@prisma/client'), member('./user')]), ['not-generated', '-']);
  });
});

describe('typescript: parameters typed by their context', () => {
  const cases: readonly (readonly [code: string, isTyped: boolean])[] = [
    ['app.get("/", (@req, res) => {})', true],
    ['new Thing(function (@a) {})', true],
    ['const f: Handler = (@a) => a', true],
    ['const f = (@a) => a', false],
    ['function f(@a) {}', false],
    ['export default function (@a) {}', false],
    ['export default defineConfig({ hooks: { done(@a) {} } })', true],
    ['const o = { m(@a) {} }', false],
    ['class C { m(@a) {} }', false],
    ['class C { m = (@a) => a }', false],
    ['class C { m: Handler = (@a) => a }', true],
    ['const x = <button onClick={(@e) => go(e)} />', true],
    ['items.map(({ @id }) => id)', true],
    ['function f(): Handler { return (@a) => a }', true],
    ['function f() { return (@a) => a }', false],
    ['use((x) => (@y) => y)', true],
    ['use(() => { function inner(@a) {} })', false],
    ['const f = ok ? (@a) => a : g', false],
    ['use(ok ? (@a) => a : g)', true],
    ['x.onload = (@e) => {}', true],
    ['const f = ((@a) => a) satisfies Handler', true],
  ];
  for (const [code, isTyped] of cases) {
    it(`${isTyped ? 'yes' : 'no'}: ${code}`, () => {
      const at = code.indexOf('@');
      const text = code.replace('@', '');
      assert.equal(isTypedByContext('a.tsx', `\n${text}`, { line: 1, character: at }), isTyped);
    });
  }
});
