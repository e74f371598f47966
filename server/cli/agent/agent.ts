/** `bulkhead agent`: puts Bulkhead into the configuration of the agents that are used in a folder, and takes it out again. */
import { access } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { printableLine } from '../../printable.ts';
import { UsageError, type AgentArguments } from '../arguments.ts';
import { rootFolder } from '../open.ts';
import type { Output } from '../output.ts';
import { agents, type Agent, type AgentFile } from './agents.ts';
import { localProgram } from './commands.ts';
import { EntryError } from './entry.ts';
import { removeEmpty, textOf, writeAll, type PlannedFile } from './files.ts';
import { readRecord, textHash, writeRecord, type FileRecord, type InstallRecord } from './record.ts';

/** @param home folder of the user @throws UsageError; then nothing is changed */
export async function agent(argumentsOf: AgentArguments, out: Output, home: string = os.homedir()): Promise<number> {
  const root = await rootFolder(argumentsOf.folder);
  const isLocal = await isThere(path.join(root, localProgram));
  const found = await foundAgents(root, home, argumentsOf.agents);
  const say = (line: string): void => out.write(`${printableLine(line)}\n`);
  if (argumentsOf.action === 'status') return status(root, home, isLocal, say);
  const chosen = argumentsOf.action === 'uninstall' && argumentsOf.agents === undefined ? agents : found;
  if (chosen.length === 0) {
    say(`No agent was found. Name those that you use: bulkhead agent install --agents ${agents.map(({ name }) => name).join(',')}`); // prettier-ignore
    return 1;
  }
  const files = filesOf(chosen, isLocal);
  return argumentsOf.action === 'install' ? install(root, files, say) : uninstall(root, files, say);
}

async function install(root: string, files: readonly AgentFile[], say: (line: string) => void): Promise<number> {
  const plans = (await Promise.all(files.map((file) => planned(root, file, added)))).flat();
  const changes = plans.filter(({ before, after }) => before !== after);
  const folders = await Promise.all(changes.map(({ file }) => missingFolders(root, file)));
  await writeAll(root, changes);
  const record: Record<string, FileRecord> = { ...(await readRecord(root)) };
  for (const [index, { file, before, after = '' }] of changes.entries()) {
    const known = record[file];
    // It has an entry of an earlier version, and what was before that is known.
    const isOurs = known !== undefined && before !== undefined && known.written === textHash(before);
    record[file] = {
      ...(isOurs ? known : { ...(before === undefined ? {} : { before }), folders: folders[index] ?? [] }),
      written: textHash(after),
    };
  }
  await writeRecord(root, record);
  for (const { file, before } of changes) say(`${before === undefined ? 'created' : 'changed'} ${file}`);
  say(changes.length === 0 ? 'Everything is installed.' : 'Restart the agents, so that they read it. To take it out: bulkhead agent uninstall'); // prettier-ignore
  return 0;
}

async function uninstall(root: string, files: readonly AgentFile[], say: (line: string) => void): Promise<number> {
  const record = await readRecord(root);
  const plans = (await Promise.all(files.map((file) => planned(root, file, (text, own) => removed(text, own, record[own.file]))))).flat(); // prettier-ignore
  const changes = plans.filter(({ before, after }) => before !== after);
  await writeAll(root, changes);
  await removeEmpty(root, changes.flatMap(({ file, after }) => (after === undefined ? (record[file]?.folders ?? []) : []))); // prettier-ignore
  const names = new Set(files.map(({ file }) => file));
  const left: InstallRecord = Object.fromEntries(Object.entries(record).filter(([file]) => !names.has(file)));
  await writeRecord(root, left);
  for (const { file, after } of changes) say(`${after === undefined ? 'removed' : 'restored'} ${file}`);
  if (changes.length === 0) say('Nothing is installed.');
  return 0;
}

async function status(root: string, home: string, isLocal: boolean, say: (line: string) => void): Promise<number> {
  const found = await foundAgents(root, home, undefined);
  for (const one of agents) {
    say(`${one.title} (${one.name})${found.includes(one) ? '' : ': not found'}`);
    for (const file of one.files(isLocal)) {
      const state = await stateOf(root, file, found.includes(one));
      if (state !== undefined) say(`  ${file.file}: ${state}`);
    }
  }
  return 0;
}

/** @returns undefined: nothing of the agent is there */
async function stateOf(root: string, file: AgentFile, isFound: boolean): Promise<string | undefined> {
  try {
    const [plan] = await planned(root, file, added);
    const [without] = await planned(root, file, (text, own) => removed(text, own, undefined));
    if (plan === undefined || (plan.before === undefined && !isFound)) return undefined;
    if (plan.before === plan.after) return 'installed';
    return without?.before === without?.after ? 'not installed' : 'of another version: install again';
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return `broken. ${error.message.replace(' Nothing was changed.', '')}`;
  }
}

type Change = (text: string | undefined, file: AgentFile) => string | undefined;

/** @returns none: the file is not there, and shall not be */
async function planned(root: string, file: AgentFile, change: Change): Promise<readonly PlannedFile[]> {
  const before = await textOf(root, file.file);
  if (before === undefined && file.onlyIfThere === true) return [];
  try {
    return [{ file: file.file, before, after: change(before, file) }];
  } catch (error) {
    if (!(error instanceof EntryError)) throw error;
    throw new UsageError(`${file.file}:${error.message}. Nothing was changed. Repair the file, and try again.`, { cause: error }); // prettier-ignore
  }
}

function added(text: string | undefined, { entries, base = '' }: AgentFile): string {
  return entries.reduce((result, entry) => entry.add(result), text ?? base);
}

/** @returns undefined: nothing is left */
function removed(text: string | undefined, { entries, base = '' }: AgentFile, known?: FileRecord): string | undefined {
  if (text === undefined) return undefined;
  if (known?.written === textHash(text)) return known.before;
  const rest = entries.reduceRight((result, entry) => entry.remove(result), text);
  const bare = rest.replaceAll(/\s/g, '');
  const isNothing = ['', '{}', base.replaceAll(/\s/g, '')].includes(bare);
  return rest !== text && isNothing && known?.before === undefined ? undefined : rest;
}

/** Each file once: several agents read some of them. */
function filesOf(chosen: readonly Agent[], isLocal: boolean): readonly AgentFile[] {
  const all = chosen.flatMap((one) => one.files(isLocal));
  return [...new Map(all.map((file) => [file.file, file])).values()];
}

async function foundAgents(
  root: string,
  home: string,
  names: readonly string[] | undefined,
): Promise<readonly Agent[]> {
  const unknown = names?.find((name) => !agents.some((one) => one.name === name));
  if (unknown !== undefined)
    throw new UsageError(`Unknown agent "${unknown}". The agents are ${agents.map(({ name }) => name).join(', ')}.`);
  if (names !== undefined) return agents.filter(({ name }) => names.includes(name));
  const found = await Promise.all(
    agents.map(async ({ signs, home: own }) => {
      const places = [...signs.map((sign) => path.join(root, sign)), ...own.map((sign) => path.join(home, sign))];
      return (await Promise.all(places.map(isThere))).some(Boolean);
    }),
  );
  return agents.filter((_, index) => found[index]);
}

/** Folders that have to be made for a file, relative to the root. */
async function missingFolders(root: string, file: string): Promise<readonly string[]> {
  const folder = path.posix.dirname(file);
  return folder === '.' || (await isThere(path.join(root, folder))) ? [] : [folder];
}

function isThere(absolute: string): Promise<boolean> {
  return access(absolute).then(
    () => true,
    () => false,
  );
}
