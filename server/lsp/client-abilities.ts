/** What an editor says it can do with code actions. */
import type { InitializeParams } from 'vscode-languageserver/node';
import { isRecord } from '../configuration/is-record.ts';

export interface ClientAbilities {
  /** It refuses an edit if the document's version is not the one that the edit names. */
  readonly checksVersions: boolean;
  /** It shows edits before it applies them, if they ask for it. */
  readonly previews: boolean;
  /** It deletes files as part of an edit. */
  readonly deletesFiles: boolean;
  /** It asks for the edit of a code action when the action is chosen. */
  readonly resolvesEdits: boolean;
  /** It lets people fill in parts of an edit. */
  readonly fillsIn: boolean;
  /** Its own commands that actions may name (`InitializationOptions.commands`). */
  readonly commands: ReadonlySet<string>;
}

export const noAbilities: ClientAbilities = {
  checksVersions: false,
  previews: false,
  deletesFiles: false,
  resolvesEdits: false,
  fillsIn: false,
  commands: new Set(),
};

export function abilitiesOf({ capabilities, initializationOptions }: InitializeParams): ClientAbilities {
  const edit = capabilities.workspace?.workspaceEdit;
  const checksVersions = edit?.documentChanges === true;
  const options: unknown = initializationOptions;
  const commands: unknown = isRecord(options) ? options['commands'] : undefined;
  return {
    checksVersions,
    previews: checksVersions && edit.changeAnnotationSupport !== undefined,
    deletesFiles: checksVersions && edit.resourceOperations?.includes('delete') === true,
    resolvesEdits: capabilities.textDocument?.codeAction?.resolveSupport?.properties.includes('edit') === true,
    fillsIn: checksVersions && edit.snippetEditSupport === true,
    commands: new Set(Array.isArray(commands) ? commands.filter((command) => typeof command === 'string') : []),
  };
}
