/**
 * What findings of ESLint follow from: a rule that fails wherever it runs, a parser that its configuration misleads,
 * packages that are not installed. Lives as long as one check.
 */
import path from 'node:path';
import { readTextSync } from '../../protocol/read-file.ts';
import { TextDocument } from 'vscode-languageserver-textdocument';
import type { Cause, Finding, Range } from '../../protocol/detector-protocol.ts';
import { GeneratedTypes } from '../../runtime/generated-types.ts';
import { Installation } from '../../runtime/installation.ts';
import { packageNameOf } from '../../runtime/package-chain.ts';
import { RULE_ERROR, type ConfigurationFault } from './findings.ts';
import { relativeTo } from './roots.ts';

/** Rules that report what cannot be resolved; the specifier is quoted. */
const ABOUT_MODULES =
  /^(?:import|import-x|i|n|node)\/(?:no-unresolved|no-missing-import|no-missing-require|extensions)$/;
/** Rules that report the use of values whose type is an error, because it cannot be resolved. */
const ABOUT_TYPES = /^(?:@typescript-eslint|typescript-eslint|ts)\/no-unsafe-/;
const UNRESOLVED_TYPE = /\berror typed\b|\berror type\b|could not be resolved/;

export class LintConsequences {
  readonly #workspace: string;
  readonly #installation: Installation;
  readonly #generated: GeneratedTypes;

  /** @param workspace absolute, without symbolic links */
  constructor(workspace: string) {
    this.#workspace = workspace;
    this.#installation = new Installation(workspace);
    this.#generated = new GeneratedTypes(workspace, this.#installation.packages);
  }

  /**
   * A fault that concerns all files of a configuration alike, if it occurs in several.
   * @param file absolute
   * @param config absolute path of the configuration that applies to it; undefined: unknown
   */
  ofFault({ ruleId, message }: ConfigurationFault, file: string, config: string | undefined): Cause | undefined {
    if (config === undefined) return undefined;
    const place = relativeTo(this.#workspace, config);
    const general = message.replaceAll(relativeTo(this.#workspace, file), '…').replaceAll(path.basename(file), '…');
    const [first = ''] = general.split('\n');
    const what =
      ruleId === undefined
        ? `ESLint cannot parse files as this configuration says: ${first} Correct "languageOptions" (or "parserOptions"), or leave the files out.`
        : `The rule ${ruleId} fails wherever it runs, so ESLint reports nothing for those files: ${first}. Turn it off here, give it what it needs (such as type information), or update its plugin.`;
    return {
      key: `${RULE_ERROR} ${place} ${ruleId ?? general}`,
      rule: RULE_ERROR,
      file: place,
      range: placeIn(config, ruleId),
      message: what,
      ifShared: true,
    };
  }

  /** @param file absolute */
  of({ rule, message }: Finding, file: string): Cause | undefined {
    const folder = path.dirname(file);
    if (ABOUT_MODULES.test(rule)) {
      const specifier = /['"]([^'"]+)['"]/.exec(message)?.[1] ?? '';
      const name = packageNameOf(specifier);
      return name === undefined || specifier.startsWith('.') ? undefined : this.#installation.causeOf(name, folder);
    }
    if (!ABOUT_TYPES.test(rule) || !UNRESOLVED_TYPE.test(message)) return undefined;
    return this.#installation.partialCauseIn(folder) ?? this.#generated.missingIn(folder)[0]?.cause;
  }
}

/** Where the configuration names the rule; else its start. */
function placeIn(config: string, ruleId: string | undefined): Range {
  let text = '';
  try {
    text = readTextSync(config);
  } catch {
    // It was deleted meanwhile.
  }
  const at = ruleId === undefined ? -1 : text.search(new RegExp(`['"\`]${ruleId.replace(/[^\w]/g, '\\$&')}['"\`]`));
  if (at < 0 || ruleId === undefined) return { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };
  const document = TextDocument.create('', '', 0, text);
  return { start: document.positionAt(at), end: document.positionAt(at + ruleId.length + 2) };
}
