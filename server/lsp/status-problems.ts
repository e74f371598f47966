/** What is wrong in the workspace, as places that the user can go to. Stateless. */
import type { StatusProblem } from '../../workers/protocol/editor-protocol.ts';
import { isIncomplete } from '../engine/status.ts';
import type { Folder } from '../folder/folder.ts';
import { uriOf } from './uris.ts';

/** More problems than this help nobody; the aggregated errors have them all. */
const maximum = 50;

type Place = Omit<StatusProblem, 'count'>;

/** @param nameOf the URI that the editor uses for a file of a root */
export function problemsOf(
  folder: Pick<Folder, 'root' | 'configurationIssues' | 'brokenConfigurations' | 'status'>,
  nameOf: (root: string, file: string) => string = uriOf,
): readonly Place[] {
  const { root } = folder;
  const ofFiles = folder.configurationIssues.map(({ message, file, range }): Place => {
    return { message, uri: nameOf(root, file), range };
  });
  const ofTools = folder.brokenConfigurations.map(({ detector, rule, message, file, range }): Place => {
    const [line = ''] = message.split('\n', 1);
    return {
      message: `${file} cannot be used as it is written: ${line} (${detector} ${rule})`,
      uri: nameOf(root, file),
      range,
    };
  });
  const ofDetectors = folder.status().flatMap(({ name, state, error, problems }): readonly Place[] => {
    if (!isIncomplete(state)) return [];
    const places = problems
      .filter(({ fatal, degrades }) => fatal || degrades === true)
      .map(({ message, file, range }): Place => {
        const place = file === undefined ? {} : { uri: nameOf(root, file), ...(range === undefined ? {} : { range }) };
        return { detector: name, message, ...place };
      });
    const isNamed = error === undefined || places.some(({ message }) => error.startsWith(message));
    return isNamed ? places : [{ detector: name, message: error }, ...places];
  });
  return [...ofFiles, ...ofTools, ...ofDetectors];
}

/** One problem per message: it leads to the first place, and counts the others. */
export function collected(places: readonly Place[]): readonly StatusProblem[] {
  const byMessage = new Map<string, StatusProblem>();
  for (const place of places) {
    const key = JSON.stringify([place.detector, place.message]);
    const known = byMessage.get(key);
    byMessage.set(key, { ...place, ...known, count: (known?.count ?? 0) + 1 });
  }
  return [...byMessage.values()].slice(0, maximum);
}
