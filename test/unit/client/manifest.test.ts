import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultSettings, normalizeSettings } from '../../../workers/protocol/settings.ts';
import { configFileSchema, manifestWithSettings } from '../../../scripts/settings.mjs';
import { tooltipCommands } from '../../../client/view.ts';
import { detectorNames } from '../../../workers/protocol/editor-protocol.ts';

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
    readonly commands: readonly { readonly command: string; readonly title: string; readonly category: string }[];
    readonly configuration: readonly { readonly properties: Readonly<Record<string, Property>> }[];
  };
}

const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
const properties = Object.assign({}, ...manifest.contributes.configuration.map((part) => part.properties)) as Record<
  string,
  Property
>;

/** Checked by their detectors; their defaults are the detectors' own. */
const detectorOptions = new Set(
  ['circular', 'import', 'isolation', 'package', 'knip'].flatMap((detector) =>
    Object.keys(properties).filter((key) => key.startsWith(`bulkhead.${detector}.`) && !key.endsWith('.enable')),
  ),
);

describe('manifest', () => {
  it('declares exactly the commands that the client registers', () => {
    const declared = manifest.contributes.commands.map(({ command }) => command).toSorted();
    const source = readFileSync(join(root, 'client/commands.ts'), 'utf8');
    const registered = [...source.matchAll(/^ {4}'(bulkhead\.\w+)':/gm)].map((match) => match[1] ?? '').toSorted();
    assert.deepEqual(declared, registered);
    assert.deepEqual(
      tooltipCommands.filter((command) => !declared.includes(command)),
      [],
    );
    assert.deepEqual(
      manifest.contributes.commands.filter(({ category }) => category !== 'Bulkhead'),
      [],
    );
  });

  it('declares the settings with the defaults the client assumes', () => {
    const nested: Record<string, unknown> = {};
    for (const [key, { default: value }] of Object.entries(properties)) {
      const [, section = '', leaf] = key.split('.');
      if (detectorOptions.has(key)) continue;
      nested[section] = leaf === undefined ? value : { ...(nested[section] as object | undefined), [leaf]: value };
    }
    assert.deepEqual(nested, defaultSettings);
    assert.deepEqual(normalizeSettings(nested), defaultSettings);
  });

  it('has the options that the schemas beside the detectors describe, and the schema of the configuration file', () => {
    const written = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as unknown;
    assert.deepEqual(JSON.parse(JSON.stringify(manifestWithSettings())), written, 'run: node scripts/settings.mjs');
    const schema = JSON.parse(readFileSync(join(root, 'schemas/bulkhead.config.schema.json'), 'utf8')) as unknown;
    assert.deepEqual(JSON.parse(JSON.stringify(configFileSchema())), schema, 'run: node scripts/settings.mjs');
  });

  it('describes every setting and turns every detector on and off', () => {
    const undescribed = Object.keys(properties).filter((key) => !properties[key]?.markdownDescription);
    assert.deepEqual(undescribed, []);
    assert.deepEqual(
      detectorNames.filter((name) => !(`bulkhead.${name}.enable` in properties)),
      [],
    );
  });

  it('lets no untrusted workspace choose what is executed', () => {
    const { restrictedConfigurations } = manifest.capabilities.untrustedWorkspaces;
    assert.equal(properties['bulkhead.node']?.scope, 'machine-overridable');
    assert.ok(restrictedConfigurations.includes('bulkhead.node'));
    assert.deepEqual(
      restrictedConfigurations.filter((key) => !(key in properties)),
      [],
    );
  });

  it('has the icon it names', () => {
    assert.ok(existsSync(join(root, manifest.icon)));
  });
});

describe('settings', () => {
  it('replaces values of the wrong type by their defaults', () => {
    const handwritten = {
      typescript: { enable: 'no', engine: 'fast' },
      eslint: false,
      circular: { enable: false },
      maxWorkers: -3,
      memoryLimit: 512.7,
      healthInterval: 0,
      exclude: ['dist/**', 7, ''],
      node: 5,
    };
    assert.deepEqual(normalizeSettings(handwritten), {
      ...defaultSettings,
      circular: { enable: false },
      memoryLimit: 512,
      exclude: ['dist/**'],
    });
  });

  it('takes anything for a section', () => {
    for (const raw of [undefined, null, 1, 'x', []]) {
      assert.deepEqual(normalizeSettings(raw), defaultSettings);
    }
  });
});
