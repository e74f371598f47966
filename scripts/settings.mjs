// Writes the settings of the graph's detectors and of knip into package.json, and the schema of bulkhead.config.json, from the
// option schemas beside the detectors. Run it after a change of one of them; a test compares.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const root = path.resolve(import.meta.dirname, '..');
const detectors = {
  circular: 'Report import cycles between modules.',
  import: 'Report imports that find nothing, or something else than is meant.',
  isolation:
    'Report imports across the boundaries of packages, folders and layers, and modules that hold too much together.',
  package: 'Report dependencies that are missing, unused, misplaced or at odds with what is installed.',
  knip: "Report what the workspace's own [knip](https://knip.dev) finds: unused files, exports and dependencies. It runs where the workspace has it installed and configured, and is trusted.",
};

const read = (file) => JSON.parse(readFileSync(path.join(root, file), 'utf8'));
const schemaOf = (detector) => read(`workers/detectors/${detector}/options.schema.json`);

/** The manifest as it is, with the settings as the schemas have them. */
export function manifestWithSettings() {
  const manifest = read('package.json');
  const [detectorSection] = manifest.contributes.configuration;
  const own = Object.fromEntries(
    Object.entries(detectorSection.properties).filter(([key]) => !Object.keys(detectors).includes(key.split('.')[1])),
  );
  let order = Object.keys(own).length;
  for (const [detector, description] of Object.entries(detectors)) {
    const setting = (schema) => ({ ...schema, scope: 'window', order: ++order });
    own[`bulkhead.${detector}.enable`] = setting({ type: 'boolean', default: true, markdownDescription: description });
    for (const [name, { description: text, ...schema }] of Object.entries(schemaOf(detector).properties)) {
      own[`bulkhead.${detector}.${name}`] = setting({
        ...schema,
        default: schema.default ?? {},
        markdownDescription: text,
      });
    }
  }
  detectorSection.properties = own;
  manifest.contributes.jsonValidation = [
    { fileMatch: 'bulkhead.config.json', url: './schemas/bulkhead.config.schema.json' },
  ];
  return manifest;
}

export function configFileSchema() {
  const anyOptions = { type: 'object' };
  const typescript = {
    type: 'object',
    additionalProperties: false,
    properties: {
      engine: { enum: ['auto', 'workspace', 'native'], default: 'auto', description: 'Which TypeScript checks.' },
      projects: {
        type: 'array',
        items: { type: 'string' },
        description: 'Only these tsconfig files; globs are allowed.',
      },
    },
  };
  const options = { typescript, eslint: anyOptions };
  for (const detector of Object.keys(detectors)) {
    const { $schema: _dialect, title: _title, ...schema } = schemaOf(detector);
    options[detector] = schema;
  }
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Bulkhead',
    description: 'What a repository says for everybody who analyses it.',
    type: 'object',
    additionalProperties: false,
    allowTrailingCommas: true,
    properties: {
      $schema: { type: 'string' },
      exclude: {
        type: 'array',
        items: { type: 'string' },
        description: 'Patterns in the language of .gitignore of what is never analysed.',
      },
      detectors: {
        type: 'object',
        additionalProperties: false,
        description: 'false turns a detector off, an object gives it options.',
        properties: Object.fromEntries(
          Object.entries(options).map(([name, schema]) => [name, { oneOf: [{ type: 'boolean' }, schema] }]),
        ),
      },
    },
  };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const write = (file, value) => writeFileSync(path.join(root, file), `${JSON.stringify(value, undefined, 2)}\n`);
  write('package.json', manifestWithSettings());
  write('schemas/bulkhead.config.schema.json', configFileSchema());
}
