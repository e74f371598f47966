/** The command lines in the configurations of continuous integration. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { isRecord } from '../graph/manifests.ts';
import { parseOrUndefined, type ProjectPackages } from './packages.ts';
import { isKnown, UNKNOWN, type Place } from './shell.ts';

export interface PipelineText extends Place {
  /** Absolute. */
  readonly file: string;
  readonly text: string;
}

const FILES = [
  '.gitlab-ci.yml',
  '.circleci/config.yml',
  'azure-pipelines.yml',
  'azure-pipelines.yaml',
  'bitbucket-pipelines.yml',
  '.travis.yml',
  '.drone.yml',
  '.woodpecker.yml',
];
const FOLDERS = ['.github/workflows', '.gitlab/ci', '.woodpecker', '.buildkite'];

/** Keys whose text, or list of texts, a shell runs. */
const SCRIPT_KEYS = new Set(['run', 'script', 'before_script', 'after_script', 'command', 'commands', 'bash']);
const FOLDER_KEYS = ['working-directory', 'working_directory', 'workingDirectory'];
/** Pipelines nest less. */
const DEEPEST = 50;
const ENV_KEYS = ['env', 'variables', 'environment'];

export function pipelineTexts(packages: ProjectPackages): readonly PipelineText[] {
  const { root } = packages;
  const files = [
    ...FILES.map((name) => path.join(root, name)),
    ...FOLDERS.flatMap((name) => yamlIn(path.join(root, name))),
  ];
  return files.flatMap((file) => {
    const text = packages.textOf(file);
    if (text === undefined) return [];
    const found: PipelineText[] = [];
    visit(parseOrUndefined(text), { folder: root, env: {} }, root, (line, place) => {
      if (isKnown(place.folder)) found.push({ file, text: line, ...place });
    });
    return found;
  });
}

function visit(
  node: unknown,
  place: Place,
  root: string,
  found: (text: string, place: Place) => void,
  depth = 0,
): void {
  if (depth > DEEPEST) return;
  if (Array.isArray(node)) {
    for (const child of node) visit(child, place, root, found, depth + 1);
    return;
  }
  if (!isRecord(node)) return;
  const here = placeIn(node, place, root);
  for (const [key, value] of Object.entries(node)) {
    const text = SCRIPT_KEYS.has(key) ? textOf(value) : undefined;
    if (text === undefined) visit(value, here, root, found, depth + 1);
    else found(text.replaceAll(/\$\{\{[^}]*\}\}/g, UNKNOWN), here);
  }
}

function placeIn(node: Readonly<Record<string, unknown>>, place: Place, root: string): Place {
  const defaults = isRecord(node['defaults']) && isRecord(node['defaults']['run']) ? node['defaults']['run'] : {};
  const folder = FOLDER_KEYS.map((key) => node[key] ?? defaults[key]).find((value) => typeof value === 'string');
  const env = ENV_KEYS.flatMap((key) => Object.entries(isRecord(node[key]) ? node[key] : {})).flatMap(
    ([name, value]) =>
      ['string', 'number', 'boolean'].includes(typeof value) && !String(value).includes('${{')
        ? [[name, String(value)]]
        : [],
  );
  return {
    folder:
      typeof folder === 'string'
        ? path.resolve(root, folder.replaceAll(/\$\{\{[^}]*\}\}|\$\{?\w+\}?/g, UNKNOWN))
        : place.folder,
    env: { ...place.env, ...(Object.fromEntries(env) as Record<string, string>) },
  };
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return undefined;
  const lines = value.flat(2).filter((line) => typeof line === 'string');
  return lines.length === 0 ? undefined : lines.join('\n');
}

function yamlIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /\.ya?ml$/.test(name))
      .sort()
      .map((name) => path.join(folder, name));
  } catch {
    return [];
  }
}
