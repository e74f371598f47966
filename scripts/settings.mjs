// Writes what follows from the manifests of the detectors, the schemas of the settings and the layers: the settings in
// package.json, the texts for translators, the schema of bulkhead.config.json, and the tables in README.md and docs/ between their markers.
// Run it after a change of a manifest, a setting or a layer: node scripts/settings.mjs. A test compares.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import prettier from 'prettier';
import { z } from 'zod';
import { detectorSettings, generalSettings, schemas } from '../server/configuration/schema.ts';
import { tools } from '../server/mcp/tools.ts';
import { mcpProvider, toolPrefix } from '../workers/protocol/agent-requests.ts';
import { manifests } from '../workers/detectors/manifests.ts';
import { layers } from './layers.mjs';
import { clientTexts, externalised, withTextsOfSettings } from './texts.mjs';

const root = path.resolve(import.meta.dirname, '..');
const read = (file) => readFileSync(path.join(root, file), 'utf8');

/** Text of each file as it should be. */
export async function generated() {
  const { sections, texts } = externalised(settingsSections());
  return {
    'package.json': json(withSettings(JSON.parse(read('package.json')), sections)),
    'package.nls.json': json(withTextsOfSettings(JSON.parse(read('package.nls.json')), texts)),
    'l10n/bundle.l10n.json': json(await clientTexts()),
    'schemas/bulkhead.config.schema.json': await formatted(configurationSchema()),
    'README.md': withTable(read('README.md'), 'detectors', detectorTable()),
    'client/README.md': withTable(
      withTable(read('client/README.md'), 'detectors', detectorTable({ links: false })),
      'settings',
      settingsTable(),
    ),
    'docs/detectors.md': withTable(
      withTable(read('docs/detectors.md'), 'detectors', behaviorTable()),
      'options',
      optionsText(),
    ),
    'docs/architecture.md': withTable(read('docs/architecture.md'), 'layers', layersTable()),
  };
}

function json(value) {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

async function formatted(value) {
  const options = await prettier.resolveConfig(path.join(root, 'package.json'), { editorconfig: true });
  return prettier.format(JSON.stringify(value), { ...options, parser: 'json' });
}

function settingsSections() {
  const detectors = manifests.flatMap(({ name }) =>
    Object.entries(detectorSettings(name)).map(([option, schema]) => [`bulkhead.${name}.${option}`, schema]),
  );
  const section = (title, order, settings) => ({
    title,
    order,
    properties: Object.fromEntries(settings.map(([name, schema], index) => [name, property(schema, index + 1)])),
  });
  return [section('Detectors', 1, detectors), section('Workers', 2, general())];
}

function general() {
  return Object.entries(generalSettings).map(([name, schema]) => [`bulkhead.${name}`, schema]);
}

function withSettings(manifest, sections) {
  // An untrusted workspace must not choose what is executed.
  const restricted = manifests.flatMap(({ name, untrusted }) =>
    typeof untrusted === 'string' ? [] : Object.keys(untrusted).map((option) => `bulkhead.${name}.${option}`),
  );
  const machine = general()
    .filter(([, { scope }]) => scope === 'machine-overridable')
    .map(([name]) => name);
  manifest.capabilities.untrustedWorkspaces.restrictedConfigurations = [...machine, ...restricted];
  manifest.contributes.configuration = sections;
  manifest.contributes.jsonValidation = [
    { fileMatch: 'bulkhead.config.json', url: './schemas/bulkhead.config.schema.json' },
  ];
  manifest.contributes.mcpServerDefinitionProviders = [{ id: mcpProvider, label: manifest.displayName }];
  manifest.contributes.languageModelTools = Object.entries(tools).map(languageModelTool);
  return manifest;
}

/** A tool of `bulkhead mcp`, as the editor lists it. */
function languageModelTool([name, { description, inputSchema }]) {
  const { $schema: _, ...schema } = z.toJSONSchema(inputSchema, { io: 'input' });
  return {
    name: `${toolPrefix}${name}`,
    displayName: `%tool.${name}%`,
    toolReferenceName: `${toolPrefix}${name}`,
    canBeReferencedInPrompt: true,
    modelDescription: description,
    tags: ['bulkhead'],
    inputSchema: schema,
  };
}

function property({ description, ...schema }, order) {
  return { ...schema, order, markdownDescription: description };
}

function configurationSchema() {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Bulkhead',
    description: 'What a repository configures for everyone who analyses it.',
    allowTrailingCommas: true,
    ...schemas.configuration,
  };
}

/** The page in an extension has no links: its other files cannot be opened from there. */
function detectorTable({ links = true } = {}) {
  const rows = manifests.map(({ name, documentation, reports, source }) => [
    links ? `[\`${name}\`](${documentation})` : `\`${name}\``,
    reports,
    source,
  ]);
  return table(['detector', 'what it reports', 'where it comes from'], rows);
}

function settingsTable() {
  const rows = Object.entries(generalSettings).map(([name, schema]) => [
    `\`bulkhead.${name}\``,
    defaultText(schema.default),
    [
      schema.description,
      ...(schema.enum === undefined ? [] : [`One of ${schema.enum.map(defaultText).join(', ')}.`]),
    ].join(' '),
  ]);
  return table(['setting', 'default', 'meaning'], rows);
}

function behaviorTable() {
  const rows = manifests.map(({ name, kind, documentation, untrusted, worker, cached, sandbox }) => [
    `[\`${name}\`](../${documentation})`,
    kind,
    typeof untrusted === 'string' ? untrusted : `runs${optionList(untrusted)}`,
    worker.group,
    worker.count === 'one' ? 'one' : 'up to one per core',
    Object.entries(worker.lanes)
      .map(([lane, { memoryFactor }]) => (lane === 'light' ? `× ${memoryFactor}` : `${lane}: × ${memoryFactor}`))
      .join(', '),
    cached ? 'yes' : 'no',
    sandbox.processes ? 'yes' : 'no',
  ]);
  const headers = ['detector', 'kind', 'untrusted workspace', 'worker group', 'workers', 'memory', 'results cached', 'starts processes']; // prettier-ignore
  return table(headers, rows);
}

function optionList(options) {
  const list = Object.entries(options).map(([name, value]) => `\`${name}: ${value}\``);
  return list.length === 0 ? '' : ` with ${list.join(', ')}`;
}

function optionsText() {
  return manifests
    .map(({ name, options }) => {
      const rows = Object.entries(options).flatMap(([option, schema]) => [
        [`\`${option}\``, defaultText(schema.default), schema.description],
        ...Object.entries(schema.properties ?? {}).map(([rule, about]) => [
          `\`${option}.${rule}\``,
          defaultText(about.default),
          about.description,
        ]),
      ]);
      return `### ${name}\n\n${table(['option', 'default', 'meaning'], rows)}`;
    })
    .join('\n\n');
}

/** All detectors have the same place. */
function layersTable() {
  const placeOf = (name) => name.replace(/^(workers\/detectors\/)\w+$/, '$1<name>');
  const code = (names) => [...new Set(names.map((name) => `\`${placeOf(name)}\``))].join(', ');
  const rows = new Map(Object.entries(layers).map(([name, below]) => [placeOf(name), below]));
  return table(
    ['folder', 'may import'],
    [...rows].map(([name, below]) => [code([name]), code(below) || 'nothing']),
  );
}

function defaultText(value) {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text === '{}' || text === '' ? '' : `\`${text}\``;
}

function table(headers, rows) {
  const line = (cells) => `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(headers), line(headers.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Replaces what is between `<!-- name: generated ... -->` and `<!-- /name -->`. */
function withTable(text, name, content) {
  const between = new RegExp(`(<!-- ${name}: [^>]*-->\n)[^]*?(\n<!-- /${name} -->)`);
  if (!between.test(text)) throw new Error(`The markers of "${name}" are missing.`);
  return text.replace(between, (_, begin, end) => `${begin}\n${content}\n${end}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const [file, text] of Object.entries(await generated())) writeFileSync(path.join(root, file), text);
}
