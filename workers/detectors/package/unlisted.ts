/** What the code uses against what is declared. */
import path from 'node:path';
import picomatch from 'picomatch';
import { Environment } from '../../graph/environment.ts';
import { dependenciesOf, typesPackageOf, type Dependency } from '../../graph/installed.ts';
import { isRecord, type Manifest } from '../../graph/manifests.ts';
import { isModuleFile, specifierRange } from '../../graph/record.ts';
import { stringsOf } from '../../graph/rules.ts';
import type { Fix } from '../../protocol.ts';
import type { PackageCheck } from './index.ts';
import type { ManifestFile } from './manifest-file.ts';
import { packageUses, type PackageUse } from './usage.ts';

export function checkUsage(check: PackageCheck): void {
  const { graph, options } = check;
  const isIgnored = picomatch(stringsOf(options['ignore']) ?? IGNORED_BY_DEFAULT, { dot: true });
  const uses = packageUses(graph, isIgnored);
  const environment = new Environment(graph);
  const root = graph.manifests.all.get('');
  for (const file of check.files) {
    if (isIgnored(file.manifest.file)) continue;
    const own = uses.get(file.manifest) ?? [];
    const declared = Map.groupBy(dependenciesOf(file.manifest), ({ name }) => name);
    checkUnlisted(check, file, own, declared, root, environment);
    checkMisplaced(check, file, own, declared, environment);
    checkUnused(check, file, uses, declared);
  }
}

const IGNORED_BY_DEFAULT = ['**/{fixtures,__fixtures__,__testfixtures__,testdata}/**'];

type Declared = ReadonlyMap<string, readonly Dependency[]>;

function checkUnlisted(
  check: PackageCheck,
  file: ManifestFile,
  uses: readonly PackageUse[],
  declared: Declared,
  root: Manifest | undefined,
  environment: Environment,
): void {
  if (!check.isOn('unlisted-dependency')) return;
  const { graph } = check;
  const { manifest } = file;
  const inRoot = new Set(root && root !== manifest ? dependenciesOf(root).map(({ name }) => name) : []);
  const ambient = new Set(
    [...graph.modules.values()].flatMap(({ record }) => record.ambient.map((name) => name.split('*')[0] ?? name)),
  );
  const said = new Set<string>();
  for (const use of uses) {
    const { name, module, request, resolution } = use;
    const types = typesPackageOf(name);
    if (resolution.kind === 'builtin' || declared.has(name) || declared.has(types) || name === manifest.data.name)
      continue;
    if (request.kind === 'reference' || !isPackageName(name)) continue;
    // A missing package is the import detector's to report, unless it cannot because nothing is installed.
    if (
      resolution.kind === 'missing' &&
      (resolution.why !== 'package' || graph.hasInstalledPackages(manifest.directory))
    ) {
      if (resolution.why === 'package' || resolution.why === 'subpath') continue;
    }
    if (
      resolution.kind === 'missing' &&
      [request.specifier, name].some((one) => ambient.has(one) || isTopFolder(check, module.file, one))
    )
      continue;
    if (environment.isConfiguredAlias(request.specifier) && resolution.kind === 'missing') continue;
    // What the workspace's root installs is there for tests and tools, and for types.
    if (
      (inRoot.has(name) || inRoot.has(types)) &&
      (!use.isProduction || manifest.data.private === true || environment.isBundled(module.file) || use.isTypeOnly())
    )
      continue;
    const key = `${name}\n${module.file}`;
    if (said.has(key)) continue;
    said.add(key);
    const range = rangeToAdd(check, manifest, name);
    const section = use.isProduction && !use.isTypeOnly() ? 'dependencies' : 'devDependencies';
    const fixes: readonly Fix[] =
      range === undefined
        ? []
        : [
            {
              title: `Add '${name}' to "${section}" of ${manifest.file}`,
              kind: 'suggestion',
              edits: [file.edit([{ path: [section, name], value: range }])],
            },
          ];
    check.report(
      module.file,
      'unlisted-dependency',
      {
        message: `'${name}' is used here but ${manifest.file} does not declare it: it works only as long as something else installs it. Add it to "${section}".`,
        range: specifierRange(module.record, request),
        ...(fixes.length === 0 ? {} : { fixes }),
      },
      use.isProduction && !use.isTypeOnly() ? undefined : 'warning',
    );
  }
}

/** With `baseUrl` or a bundler's module folders a bare name may be a folder. */
function isTopFolder({ graph }: PackageCheck, file: string, name: string): boolean {
  const base = graph.projects.projectOf(file)?.options.baseUrl;
  if (base === undefined) return false;
  for (const one of graph.files) if (one.startsWith(`${name}/`) || one.includes(`/${name}/`)) return true;
  return false;
}

/** The range others of the workspace use, or a caret on what is installed. */
function rangeToAdd({ graph, files }: PackageCheck, manifest: Manifest, name: string): string | undefined {
  if (graph.manifests.members.has(name)) {
    const usesProtocol = files.some((one) =>
      dependenciesOf(one.manifest).some(({ range }) => range.startsWith('workspace:')),
    );
    return usesProtocol ? 'workspace:*' : '*';
  }
  for (const { manifest: other } of files) {
    const known = dependenciesOf(other).find((one) => one.name === name && one.section !== 'peerDependencies');
    if (known) return known.range;
  }
  const version = graph.installed.find(name, path.join(graph.root, manifest.directory))?.data.version;
  return version === undefined ? undefined : `^${version}`;
}

/** Users of a published package do not get its devDependencies. */
function checkMisplaced(
  check: PackageCheck,
  file: ManifestFile,
  uses: readonly PackageUse[],
  declared: Declared,
  environment: Environment,
): void {
  const { manifest } = file;
  const isPublished =
    manifest.data.private !== true && manifest.data.name !== undefined && manifest.data.version !== undefined;
  if (!check.isOn('misplaced-dependency') || !isPublished || environment.isBundled(joinedFile(manifest))) return;
  const said = new Set<string>();
  for (const use of uses) {
    const { name, module, request, resolution, isProduction } = use;
    const sections = declared.get(name);
    if (said.has(name) || !isProduction || resolution.kind === 'builtin' || request.kind === 'reference') continue;
    if (!sections?.every(({ section }) => section === 'devDependencies') || sections.length === 0) continue;
    if (!isShipped(manifest, module.file) || use.isTypeOnly()) continue;
    said.add(name);
    const range = sections[0]?.range;
    check.report(manifest.file, 'misplaced-dependency', {
      message: `'${name}' is a devDependency, but ${module.file} needs it at run time: users of this package will not have it. Move it to "dependencies".`,
      range: file.place('devDependencies', name),
      related: [{ file: module.file, range: specifierRange(module.record, request), message: 'used here' }],
      fixes: [
        {
          title: 'Move it to "dependencies"',
          kind: 'fix',
          edits: [
            file.edit([
              { path: ['devDependencies', name], value: undefined },
              { path: ['dependencies', name], value: range },
            ]),
          ],
        },
      ],
    });
  }
}

/** Only what `files` names, or `src` and the entries, reaches users; without `files` anything may. */
function isShipped({ directory, data }: Manifest, file: string): boolean {
  const inside = directory === '' ? file : file.slice(directory.length + 1);
  if (/^(src|lib|source|index\.)/.test(inside)) return true;
  const files = stringsOf(data['files']);
  return (
    files !== undefined &&
    files.some(
      (entry) => inside === entry || inside.startsWith(`${entry.replace(/^\.\//, '').replace(/\/(\*\*?)?$/, '')}/`),
    )
  );
}

function checkUnused(
  check: PackageCheck,
  file: ManifestFile,
  uses: ReadonlyMap<Manifest, readonly PackageUse[]>,
  declared: Declared,
): void {
  if (!check.isOn('unused-dependency') && !check.isOn('unused-dev-dependency')) return;
  const { graph } = check;
  const { manifest } = file;
  const inside = (one: string): boolean => manifest.directory === '' || one.startsWith(`${manifest.directory}/`);
  // Languages that are not read may use anything.
  if ([...graph.files].some((one) => inside(one) && UNREAD_LANGUAGES.test(one))) return;
  const used = peersOf(check, manifest, declared);
  for (const [owner, list] of uses)
    if (inside(owner.file) || owner === manifest) for (const { name } of list) used.add(name);
  let mentions: string | undefined;
  for (const [name, sections] of declared) {
    const [first] = sections;
    if (
      !first ||
      used.has(name) ||
      sections.some(({ section }) => section === 'peerDependencies' || section === 'optionalDependencies')
    )
      continue;
    const rule = first.section === 'dependencies' ? 'unused-dependency' : 'unused-dev-dependency';
    if (!check.isOn(rule) || USED_BY_PRESENCE.test(name)) continue;
    mentions ??= mentionsIn(check, inside, manifest);
    if (isMentioned(check, manifest, name, mentions)) continue;
    check.report(manifest.file, rule, {
      message: `No module, script or configuration of this package names '${name}'. Remove it if nothing else needs it.`,
      range: file.place(first.section, name),
      tags: ['unnecessary'],
      fixes: [
        {
          title: `Remove '${name}'`,
          kind: 'suggestion',
          edits: [file.edit([{ path: [first.section, name], value: undefined }])],
        },
      ],
    });
  }
}

/** What installed dependencies ask their user to install. */
function peersOf({ graph }: PackageCheck, manifest: Manifest, declared: Declared): Set<string> {
  const peers = new Set<string>();
  for (const name of declared.keys()) {
    const asked = graph.installed.find(name, path.join(graph.root, manifest.directory))?.data['peerDependencies'];
    if (isRecord(asked)) for (const peer of Object.keys(asked)) peers.add(peer);
  }
  return peers;
}

const UNREAD_LANGUAGES = /\.(coffee|ls|elm|re|res|ml|purs|cljs|civet|imba|marko|pug|jade|hbs|ejs)$/;

/** Used by being there: types make globals, compilers are called by tools. */
const USED_BY_PRESENCE =
  /^(@types\/.*|typescript|tslib|react-dom|@babel\/runtime|core-js|regenerator-runtime|node|npm|pnpm|yarn)$/;

/** Everything but modules and lockfiles in which a package may be named: scripts, configurations, styles, pages. */
function mentionsIn({ graph }: PackageCheck, inside: (file: string) => boolean, manifest: Manifest): string {
  const texts = [
    JSON.stringify(manifest.data, (key: string, value: unknown) => (/ependencies$/.test(key) ? undefined : value)),
  ];
  for (const file of graph.files) {
    if (!inside(file) && file.includes('/')) continue;
    const name = path.posix.basename(file);
    if (
      isModuleFile(file)
        ? !/config|rc\.|webpack|rollup|vite|babel|gulp|grunt|\.storybook/i.test(file)
        : !MENTIONING.test(name) || NOT_MENTIONING.test(name)
    )
      continue;
    const text = graph.textOf(file);
    if (text !== undefined && text.length < 300_000) texts.push(text);
  }
  return texts.join('\n');
}

const MENTIONING =
  /\.(json|jsonc|json5|ya?ml|toml|css|s[ac]ss|less|styl|html?|mdx|graphql|sh)$|^\.[\w.-]+rc$|^Dockerfile|^Makefile|^\.npmrc|^\.husky/;
const NOT_MENTIONING = /^(package\.json|package-lock\.json|pnpm-lock\.yaml|npm-shrinkwrap\.json|bun\.lock)$/;

function isMentioned({ graph }: PackageCheck, manifest: Manifest, name: string, mentions: string): boolean {
  const installed = graph.installed.find(name, path.join(graph.root, manifest.directory))?.data;
  const { bin } = installed ?? {};
  const names = [name, ...(isRecord(bin) ? Object.keys(bin) : [name.split('/').at(-1) ?? name])];
  // `eslint-plugin-x` is written `x`, `@scope/eslint-config` `@scope`, a preset without its prefix.
  const short = name
    .replace(/^@([^/]+)\/(eslint-plugin|eslint-config|babel-preset|stylelint-config|prettier-plugin)$/, '@$1')
    .replace(
      /(^|\/)(eslint-plugin|eslint-config|eslint-import-resolver|babel-plugin|babel-preset|plugin|preset|stylelint-config|remark|rehype|postcss|jest-environment|commitlint-config|prettier-plugin|gatsby-plugin|docusaurus-plugin)-/,
      '$1',
    );
  if (short !== name) names.push(`"${short}"`, `'${short}'`, `"plugin:${short}/`, `${short}/`);
  return names.some((one) => mentions.includes(one));
}

function joinedFile({ directory }: Manifest): string {
  return directory === '' ? 'x' : `${directory}/x`;
}

function isPackageName(name: string): boolean {
  return /^(@[a-z0-9-~][a-z0-9-._~]*\/)?[a-z0-9-][a-z0-9-._~]*$/i.test(name);
}
