/**
 * Bulk suppressions (`eslint-suppressions.json`): the number of errors to hide, per file and rule. The `eslint` command
 * applies them since 9.24; its API only since 10.1, and it reads the file for every text. So they are applied here.
 */
import path from 'node:path';
import semver from 'semver';
import type { LintMessage } from './installation.ts';
import { SUPPRESSIONS } from './roots.ts';
import { readTextSync } from '../../protocol/read-file.ts';
import { ConfigFile, isRecord } from '../../reading/config-file.ts';

export const OLDEST_WITH_SUPPRESSIONS = '9.24.0';

type Counts = Readonly<Record<string, Readonly<Record<string, { readonly count: number } | undefined>> | undefined>>;

export class BulkSuppressions {
  readonly #directory: string;
  readonly #counts: Counts;

  private constructor(directory: string, counts: Counts) {
    this.#directory = directory;
    this.#counts = counts;
  }

  /**
   * @param directory where `eslint` would be run
   * @throws {SyntaxError} the file is not JSON
   */
  static load(directory: string, eslintVersion: string): BulkSuppressions {
    if (!semver.gte(eslintVersion, OLDEST_WITH_SUPPRESSIONS)) return new BulkSuppressions(directory, {});
    const file = path.join(directory, SUPPRESSIONS);
    let text: string;
    try {
      text = readTextSync(file);
    } catch {
      return new BulkSuppressions(directory, {});
    }
    const { value, flaws } = ConfigFile.json(SUPPRESSIONS, text, 'json');
    const [flaw] = flaws;
    if (flaw || !isRecord(value)) throw new SyntaxError(`${SUPPRESSIONS} is not valid JSON: ${flaw?.message ?? 'It must be an object.'}`); // prettier-ignore
    return new BulkSuppressions(directory, value as Counts);
  }

  /** The messages to show: hides the errors of a rule if there are no more than the suppressed number. */
  apply(file: string, messages: readonly LintMessage[]): readonly LintMessage[] {
    const known = this.#counts[path.relative(this.#directory, file).split(path.sep).join('/')];
    if (!known) return messages;
    const errors = new Map<string, number>();
    for (const { ruleId, severity } of messages) {
      if (ruleId !== null && severity === 2) errors.set(ruleId, (errors.get(ruleId) ?? 0) + 1);
    }
    // As in ESLint, warnings do not count but go along with the suppressed errors of the same rule.
    return messages.filter(({ ruleId }) => {
      const count = ruleId === null ? undefined : errors.get(ruleId);
      const allowed = ruleId === null ? undefined : known[ruleId]?.count;
      return count === undefined || typeof allowed !== 'number' || count > allowed;
    });
  }
}
