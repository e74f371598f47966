/** Declared dependencies that nothing uses. */
import path from 'node:path';
import type { Dependency } from '../../graph/installed.ts';
import { Memo } from '../../graph/memo.ts';
import { isFramework } from '../../graph/providers/index.ts';
import { isRecord, type Manifest } from '../../graph/manifests.ts';
import { isModuleFile } from '../../graph/record.ts';
import type { PackageCheck } from './package-check.ts';
import type { ManifestFile } from './manifest-file.ts';
import { PackageStrings } from './package-strings.ts';

/** Lives as long as its check. */
export class UnusedCheck {
  readonly #check: PackageCheck;
  readonly #mentions = new Memo<Manifest, string>();
  readonly #strings: PackageStrings;

  constructor(check: PackageCheck) {
    this.#check = check;
    this.#strings = new PackageStrings(check);
  }

  /** Declared names that some module should use. */
  candidates({ manifest, declared }: ManifestFile): readonly string[] {
    const { graph } = this.#check;
    const check = this.#check;
    if (check.isDelegatedToKnip(manifest)) return [];
    if (!check.isOn('unused-dependency') && !check.isOn('unused-dev-dependency')) return [];
    // Files in languages that are not parsed may use anything.
    for (const file of graph.files) if (UNREAD_LANGUAGES.test(file) && isInside(manifest, file)) return [];
    const peers = peersOf(check, manifest, declared.keys());
    if (!graph.hasInstalledPackages(manifest.directory)) {
      const locked = check.lockfiles.peersOf(manifest.directory);
      // Any package that is not installed may need any other.
      if (locked === undefined) return [];
      for (const peer of locked) peers.add(peer);
    }
    for (const file of graph.files) {
      const compiler = COMPILERS[path.posix.extname(file)];
      if (compiler !== undefined && isInside(manifest, file)) peers.add(compiler);
    }
    const isNative = declared.has('expo') || declared.has('react-native');
    return [...declared].flatMap(([name, sections]) => {
      const isOptional = sections.some(({ section }) => section === 'peerDependencies' || section === 'optionalDependencies'); // prettier-ignore
      if (isNative && NATIVE_MODULE.test(name)) return [];
      if (isOptional || peers.has(name) || USED_BY_PRESENCE.test(name) || isFramework(name)) return [];
      return check.isOn(ruleOf(sections)) ? [name] : [];
    });
  }

  /** @param names those of {@link candidates} that no module uses */
  report(file: ManifestFile, names: readonly string[]): void {
    const { manifest } = file;
    if (names.length === 0) return;
    const mentions = this.#mentions.of(manifest, () => mentionsIn(this.#check, manifest));
    for (const name of names) {
      const sections = file.declared.get(name);
      const section = sections?.[0]?.section;
      if (!section || isMentioned(this.#check, manifest, name, mentions)) continue;
      if (this.#strings.have(manifest, name)) continue;
      this.#check.report(manifest.file, ruleOf(sections), {
        message: `No module, script or configuration of this package uses '${name}'. Remove it if nothing else needs it.`,
        range: file.place(section, name),
        tags: ['unnecessary'],
        fixes: [
          {
            title: `Remove '${name}'`,
            kind: 'suggestion',
            edits: [file.edit([{ path: [section, name], value: undefined }])],
          },
        ],
      });
    }
  }
}

/** Whether a file lies in a manifest's folder, or below. */
export function isInside({ directory }: Manifest, file: string): boolean {
  return directory === '' || file.startsWith(`${directory}/`);
}

function ruleOf(sections: readonly Dependency[]): 'unused-dependency' | 'unused-dev-dependency' {
  return sections[0]?.section === 'dependencies' ? 'unused-dependency' : 'unused-dev-dependency';
}

/** Peer and optional dependencies of the installed dependencies, and what code that a framework generates may import. */
function peersOf({ graph }: PackageCheck, manifest: Manifest, names: Iterable<string>): Set<string> {
  const peers = new Set<string>();
  for (const name of names) {
    const installed = graph.installed.find(name, path.join(graph.root, manifest.directory))?.data;
    const fields = isFramework(name) ? [...PEER_FIELDS, 'dependencies'] : PEER_FIELDS;
    for (const asked of fields.map((field) => installed?.[field]))
      if (isRecord(asked)) for (const peer of Object.keys(asked)) peers.add(peer);
  }
  return peers;
}

/** Drivers of a database library are often named in the last one only. */
const PEER_FIELDS = ['peerDependencies', 'optionalDependencies', 'peerDependenciesMeta'];

const UNREAD_LANGUAGES = /\.(coffee|ls|elm|re|res|ml|purs|cljs|civet|imba|marko|pug|jade|hbs|ejs)$/;

/** The compiler of a component language is also its run time. */
const COMPILERS: Readonly<Record<string, string>> = { '.svelte': 'svelte', '.vue': 'vue', '.astro': 'astro' };

/** Used without being named: types declare globals, tools call compilers and find icons by the names of these. */
const USED_BY_PRESENCE =
  /^(@types\/.*|@iconify-json\/.*|typescript|tslib|react-dom|@babel\/runtime|core-js|regenerator-runtime|node|npm|pnpm|yarn)$/;

/** The build of an app links native modules because they are declared. */
const NATIVE_MODULE = /^(?:expo-|react-native-|@expo\/|@react-native)/;

/** The texts, other than modules and lockfiles, that may name a package: scripts, configurations, styles, pages. */
function mentionsIn({ graph }: PackageCheck, manifest: Manifest): string {
  const texts = [
    JSON.stringify(manifest.data, (key: string, value: unknown) => (/ependencies$/.test(key) ? undefined : value)),
  ];
  for (const file of graph.files) {
    if (!isInside(manifest, file) && file.includes('/')) continue;
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
  /\.(json|jsonc|json5|ya?ml|toml|css|s[ac]ss|less|styl|html?|mdx|graphql|prisma|proto|sh)$|^\.[\w.-]+rc$|^Dockerfile|^Makefile|^\.npmrc|^\.husky/;
const NOT_MENTIONING = /^(package\.json|package-lock\.json|pnpm-lock\.yaml|npm-shrinkwrap\.json|bun\.lock)$/;

function isMentioned({ graph }: PackageCheck, manifest: Manifest, name: string, mentions: string): boolean {
  const installed = graph.installed.find(name, path.join(graph.root, manifest.directory))?.data;
  const { bin } = installed ?? {};
  const names = [name, ...(isRecord(bin) ? Object.keys(bin) : [name.split('/').at(-1) ?? name])];
  // Configurations use short names: `x` for `eslint-plugin-x`, `@scope` for `@scope/eslint-config`.
  const short = name
    .replace(/^@([^/]+)\/(eslint-plugin|eslint-config|babel-preset|stylelint-config|prettier-plugin)$/, '@$1')
    .replace(
      /(^|\/)(eslint-plugin|eslint-config|eslint-import-resolver|babel-plugin|babel-preset|plugin|preset|stylelint-config|remark|rehype|postcss|jest-environment|commitlint-config|prettier-plugin|gatsby-plugin|docusaurus-plugin)-/,
      '$1',
    );
  if (short !== name) names.push(`"${short}"`, `'${short}'`, `"plugin:${short}/`, `${short}/`);
  return names.some((one) => mentions.includes(one));
}
