/** One question about a workspace of several folders: which folders it concerns, and one answer of theirs. */
import { access } from 'node:fs/promises';
import path from 'node:path';
import type { ToolAnswer } from '../../workers/protocol/agent-requests.ts';
import { isRecord } from '../configuration/is-record.ts';
import type { Folder } from '../folder/folder.ts';
import { isWithin } from '../is-within.ts';

export interface AskedFolder {
  readonly folder: Pick<Folder, 'root' | 'issues'>;
  /** Whether an earlier answer about the folder gave this handle. */
  knows(handle: string): boolean;
}

export interface FolderAnswer extends ToolAnswer {
  readonly folder: Pick<Folder, 'root'>;
}

type Input = Readonly<Record<string, unknown>>;

/** As much as an answer takes at least, and what it takes if nothing is said. */
const tokens = { least: 200, standard: 1000 } as const;

/**
 * @param input of a tool, unchecked
 * @returns the question as each folder is asked it, with its share of the tokens; folders that no tokens are left for
 */
export async function questionsFor<Asked extends AskedFolder>(
  folders: readonly Asked[],
  input: unknown,
): Promise<{ readonly asked: readonly { asked: Asked; input: unknown }[]; readonly omitted: readonly Asked[] }> {
  if (folders.length === 1 || !isRecord(input)) return { asked: folders.slice(0, 1).map((asked) => ({ asked, input })), omitted: [] }; // prettier-ignore
  const owners = await ownersOf(folders, input);
  const named = [...owners.values()].flat();
  const concerned = owners.size === 0 ? folders : folders.filter((folder) => named.includes(folder));
  const { maxTokens } = input;
  const most = typeof maxTokens === 'number' ? maxTokens : tokens.standard;
  const chosen = concerned.slice(0, Math.max(1, Math.floor(most / tokens.least)));
  const share = chosen.length > 1 ? { maxTokens: Math.max(tokens.least, Math.floor(most / chosen.length)) } : {};
  return {
    asked: chosen.map((asked) => ({ asked, input: { ...ownPart(input, (value) => owners.get(value)?.includes(asked) ?? true), ...share } })), // prettier-ignore
    omitted: concerned.slice(chosen.length),
  };
}

/** One answer; where some folders have none, that of the others. */
export function merged(answers: readonly FolderAnswer[], omitted: readonly AskedFolder[] = []): ToolAnswer {
  const good = answers.filter(({ isError }) => !isError);
  const shown = good.length > 0 ? good : answers.slice(0, 1);
  const [first] = shown;
  if (first === undefined) throw new Error('No folder was asked.');
  if (shown.length === 1 && omitted.length === 0) {
    const { text, structured, isError } = first;
    return { text, structured, isError };
  }
  const more = omitted.map(({ folder }) => path.basename(folder.root));
  const notes =
    more.length === 0 ? [] : [`Not asked, for want of tokens: ${JSON.stringify(more)}. Name paths in them.`];
  return {
    text: [...shown.map(({ folder, text }) => `Folder ${JSON.stringify(folder.root)}\n${text}`), ...notes].join('\n\n'),
    structured: {
      folders: shown.map(({ folder, structured }) => ({ folder: folder.root, ...structured })),
      ...(more.length === 0 ? {} : { omittedFolders: more }),
    },
    isError: first.isError,
  };
}

/** Which folders have what the question names. What none has is everybody's, so that somebody says so. */
async function ownersOf<Asked extends AskedFolder>(
  folders: readonly Asked[],
  input: Input,
): Promise<ReadonlyMap<unknown, readonly Asked[]>> {
  const owners = new Map<unknown, readonly Asked[]>();
  const note = (value: unknown, found: readonly Asked[]): void => {
    owners.set(value, found.length > 0 ? found : folders);
  };
  for (const value of pathsIn(input)) {
    const file = fileOf(value);
    if (file === undefined) continue;
    const has = await Promise.all(folders.map(({ folder: { root } }) => isIn(root, file)));
    note(value, folders.filter((_, index) => has[index])); // prettier-ignore
  }
  for (const id of [...listOf(input['issues']), input['issue']])
    if (typeof id === 'string')
      note(id, folders.filter(({ folder }) => folder.issues().some(({ fingerprint }) => fingerprint.startsWith(id)))); // prettier-ignore
  const { since } = input;
  if (typeof since === 'string') note(since, folders.filter((folder) => folder.knows(since))); // prettier-ignore
  return owners;
}

/** The question without what other folders have. */
function ownPart(input: Input, isOwn: (value: unknown) => boolean): Input {
  return Object.fromEntries(
    Object.entries(input).map(([key, value]) => [key, Array.isArray(value) ? value.filter(isOwn) : value]),
  );
}

function pathsIn(input: Input): readonly unknown[] {
  return [input['paths'], input['files'], input['texts']].flatMap(listOf);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function fileOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return isRecord(value) && typeof value['file'] === 'string' ? value['file'] : undefined;
}

async function isIn(root: string, file: string): Promise<boolean> {
  if (path.isAbsolute(file)) return isWithin(root, file);
  if (file.includes('\0')) return false;
  return access(path.join(root, file)).then(
    () => true,
    () => false,
  );
}
