/** Finds knip and its configuration in a folder by reading files only; runs nothing and caches nothing. */
import path from 'node:path';
import semver from 'semver';
import { entryAt, readTextSync } from '../protocol/read-file.ts';
import { InstalledPackages } from './installed.ts';
import { isRecord, readManifest } from './manifests.ts';

export interface KnipInstallation {
  readonly version: string;
  /** Absolute path of its script for Node.js. */
  readonly command: string;
  /** Relative to the root: a knip configuration or package.json. */
  readonly configFile: string;
}

/** @returns a sentence that says why knip cannot be used, if it cannot */
export function findKnip(root: string): KnipInstallation | string {
  const configFile = configFileOf(root);
  if (configFile === undefined) return 'This folder has no knip configuration.';
  const installed = new InstalledPackages().find('knip', root);
  const { version, bin } = installed?.data ?? {};
  if (!installed || version === undefined)
    return 'knip is configured but not installed. Install it: npm install --save-dev knip';
  if (semver.valid(version) === null || semver.lt(version, '5.0.0'))
    return `knip ${version} is too old. Update it to version 5 or later.`;
  const script = isRecord(bin) ? bin['knip'] : bin;
  if (typeof script !== 'string') return `knip ${version} has no command to run. Reinstall it.`;
  return { version, command: path.join(installed.directory, script), configFile };
}

function configFileOf(root: string): string | undefined {
  const own = CONFIG_FILES.find((name) => entryAt(path.join(root, name)) === 'file');
  if (own !== undefined) return own;
  try {
    const { data } = readManifest('package.json', readTextSync(path.join(root, 'package.json')));
    return data['knip'] === undefined || data['knip'] === null ? undefined : 'package.json';
  } catch {
    return undefined;
  }
}

/** In knip's order of preference. */
const CONFIG_FILES = [
  'knip.json', 'knip.jsonc', '.knip.json', '.knip.jsonc', 'knip.ts', 'knip.js', 'knip.config.ts', 'knip.config.js',
]; // prettier-ignore
