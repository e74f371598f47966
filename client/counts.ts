/** Numbers of issues in words. Pure. */
import * as l10n from '@vscode/l10n';
import type { IssueCounts } from '../workers/protocol/editor-protocol.ts';

/** `2 errors, 1 warning`. */
export function countsText({ error, warning, info, hint }: IssueCounts): string {
  const parts = [
    ...(error === 0 ? [] : [error === 1 ? l10n.t('1 error') : l10n.t('{0} errors', error)]),
    ...(warning === 0 ? [] : [warning === 1 ? l10n.t('1 warning') : l10n.t('{0} warnings', warning)]),
    ...(info === 0 ? [] : [info === 1 ? l10n.t('1 info') : l10n.t('{0} infos', info)]),
    ...(hint === 0 ? [] : [hint === 1 ? l10n.t('1 hint') : l10n.t('{0} hints', hint)]),
  ];
  return parts.length === 0 ? l10n.t('no issues') : parts.join(', ');
}
