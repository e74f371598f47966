/** The extension's package.json, and what is generated from the manifests of the detectors. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tooltipCommands } from '../../../client/view.ts';
import { generated } from '../../../scripts/settings.mjs';
import { defaultSettings, readSettings } from '../../../server/configuration/settings.ts';
import { detectorNames } from '../../../workers/detectors/manifests.ts';

const root = join(import.meta.dirname, '../../..');

interface Property {
  readonly default: unknown;
  readonly scope?: string;
  readonly markdownDescription?: string;
}

interface Manifest {
  readonly main: string;
  readonly icon: string;
  readonly capabilities: { readonly untrustedWorkspaces: { readonly restrictedConfigurations: readonly string[] } };
  readonly contributes: {
    readonly commands: readonly {
      readonly command: string;
      readonly title: string;
      readonly category: string;
      readonly enablement?: string;
    }[];
    readonly menus: Readonly<Record<string, readonly { readonly command: string; readonly when?: string }[]>>;
    readonly views: Readonly<Record<string, readonly { readonly id: string }[]>>;
    readonly viewsContainers: { readonly activitybar: readonly { readonly id: string; readonly icon: string }[] };
    readonly viewsWelcome: readonly { readonly view: string; readonly contents: string }[];
    readonly walkthroughs: readonly {
      readonly steps: readonly { readonly description: string; readonly media: { readonly markdown: string } }[];
    }[];
    readonly configuration: readonly { readonly properties: Readonly<Record<string, Property>> }[];
  };
}

const texts = JSON.parse(readFileSync(join(root, 'package.nls.json'), 'utf8')) as Readonly<Record<string, string>>;
/** As people see it. */
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'), (_name, value: unknown) => {
  const key = typeof value === 'string' ? /^%(.*)%$/.exec(value)?.[1] : undefined;
  return key === undefined ? value : texts[key];
}) as Manifest;
const properties = Object.assign({}, ...manifest.contributes.configuration.map((part) => part.properties)) as Record<
  string,
  Property
>;

describe('package.json', () => {
  it('declares exactly the commands that the client registers', () => {
    const declared = manifest.contributes.commands.map(({ command }) => command).toSorted();
    const sources = readdirSync(join(root, 'client'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('commands.ts'))
      .map((file) => readFileSync(join(root, 'client', file), 'utf8'));
    const registered = sources
      .flatMap((source) => [...source.matchAll(/^ {4}'(bulkhead\.\w+)':/gm)].map((match) => match[1] ?? ''))
      .toSorted();
    assert.deepEqual(declared, registered);
    assert.deepEqual(
      tooltipCommands.filter((command) => command.startsWith('bulkhead.') && !declared.includes(command)),
      [],
    );
    assert.deepEqual(
      manifest.contributes.commands.filter(({ category }) => category !== 'Bulkhead'),
      [],
    );
  });

  it('enables commands only where they make sense', () => {
    const { commands, menus } = manifest.contributes;
    const hidden = menus['commandPalette']?.filter(({ when }) => when === 'false').map(({ command }) => command) ?? [];
    const always = commands.filter(({ command, enablement }) => enablement === undefined && !hidden.includes(command));
    // They show something in every state, even if it is that nothing runs.
    assert.deepEqual(
      always.map(({ command }) => command),
      ['bulkhead.showStatus', 'bulkhead.openHealth', 'bulkhead.openDashboard', 'bulkhead.showOutput'],
    );
    const set = readdirSync(join(root, 'client'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) => [...readFileSync(join(root, 'client', file), 'utf8').matchAll(/'(bulkhead\.\w+)', [\w.]/g)])
      .map(([, key]) => key);
    const conditions = [...commands.map(({ enablement = '' }) => enablement), ...Object.values(menus).flat().map(({ when = '' }) => when)]; // prettier-ignore
    const parts = conditions.flatMap((text) => text.split(/ (?:&&|\|\|) /)).map((part) => part.replace(/^!/, ''));
    const asked = parts.filter((part) => /^bulkhead\.\w+$/.test(part));
    assert.ok(asked.length > 20);
    assert.deepEqual(
      [...new Set(asked)].filter((key) => !set.includes(key)),
      [],
    );
  });

  it('declares settings whose defaults are valid and equal those of the server', () => {
    const nested: Record<string, Record<string, unknown>> = {};
    const general: Record<string, unknown> = {};
    for (const [key, { default: value }] of Object.entries(properties)) {
      const [, section = '', option] = key.split('.');
      if (option === undefined) general[section] = value;
      else (nested[section] ??= {})[option] = value;
    }
    const { settings, problems } = readSettings({ ...nested, ...general });
    assert.deepEqual(problems, []);
    const enabled = Object.fromEntries(detectorNames.map((name) => [name, { enable: settings[name].enable }]));
    assert.deepEqual({ ...settings, ...enabled }, defaultSettings);
    assert.deepEqual(defaultSettings, { ...general, ...enabled });
  });

  it('describes every setting and turns every detector on and off', () => {
    const undescribed = Object.keys(properties).filter((key) => !properties[key]?.markdownDescription);
    assert.deepEqual(undescribed, []);
    assert.deepEqual(
      detectorNames.filter((name) => !(`bulkhead.${name}.enable` in properties)),
      [],
    );
  });

  it('does not let an untrusted workspace choose what is executed', () => {
    const { restrictedConfigurations } = manifest.capabilities.untrustedWorkspaces;
    assert.equal(properties['bulkhead.node']?.scope, 'machine-overridable');
    for (const name of ['sandbox', 'sandboxExcept', 'sandboxRead', 'sandboxNetwork', 'sandboxUntrusted'])
      assert.equal(properties[`bulkhead.${name}`]?.scope, 'machine', 'no workspace may weaken its sandbox');
    assert.ok(restrictedConfigurations.includes('bulkhead.node'));
    assert.ok(restrictedConfigurations.includes('bulkhead.typescript.engine'));
    assert.deepEqual(
      restrictedConfigurations.filter((key) => !(key in properties)),
      [],
    );
  });

  it('has views and menus only of commands and views that exist', () => {
    const { commands, menus, views, viewsContainers, viewsWelcome, walkthroughs } = manifest.contributes;
    const known = new Set(commands.map(({ command }) => command));
    const entries = Object.values(menus).flat();
    assert.deepEqual(
      entries.filter(({ command }) => !known.has(command)),
      [],
    );
    const names = new Set(Object.values(views).flatMap((all) => all.map(({ id }) => id)));
    const named = [...entries, ...viewsWelcome.map(({ view }) => ({ when: `view == ${view}` }))];
    const strange = named.filter(({ when = '' }) => {
      const [, view] = /^view == ([\w.]+)/.exec(when) ?? [];
      return view !== undefined && !names.has(view);
    });
    assert.deepEqual(strange, []);
    const containers = viewsContainers.activitybar.map(({ id }) => id);
    assert.deepEqual(containers, Object.keys(views));
    assert.ok(viewsContainers.activitybar.every(({ icon }) => existsSync(join(root, icon))));
    const steps = walkthroughs.flatMap((walkthrough) => walkthrough.steps);
    assert.ok(steps.every(({ media }) => existsSync(join(root, media.markdown))));
    const linked = [...steps.map(({ description }) => description), ...viewsWelcome.map(({ contents }) => contents)]
      .flatMap((text) => [...text.matchAll(/command:(bulkhead\.\w+)/g)])
      .map((match) => match[1] ?? '');
    assert.deepEqual(
      linked.filter((command) => !known.has(command)),
      [],
    );
  });

  it('has the commands that the page of the extension names', () => {
    const page = readFileSync(join(root, 'client/README.md'), 'utf8');
    const [, table = ''] = /^## Commands$([^]*?)^## /m.exec(page) ?? [];
    const named = [...table.matchAll(/^\| ([A-Z][^|]*) \|/gm)].flatMap(([, names = '']) => names.split(', '));
    const titles = new Set(manifest.contributes.commands.map(({ title }) => title.replace('…', '')));
    assert.ok(named.length > 15);
    assert.deepEqual(
      named.filter((name) => !titles.has(name)),
      [],
    );
  });

  it('has the icon it names', () => {
    assert.ok(existsSync(join(root, manifest.icon)));
  });
});

describe('generated files', () => {
  it('match the manifests', async () => {
    for (const [file, text] of Object.entries(await generated())) {
      assert.equal(readFileSync(join(root, file), 'utf8'), text, `${file}: run node scripts/settings.mjs`);
    }
  });
});
