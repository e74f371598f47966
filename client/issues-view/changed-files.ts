/** Which files differ from a commit, as the built-in Git extension sees it. Stateless. */
import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';

/** The part of the Git extension's API that is used. */
interface GitApi {
  readonly repositories: readonly {
    diffWith(ref: string): Promise<readonly { readonly uri: vscode.Uri }[]>;
    readonly state: {
      readonly untrackedChanges: readonly { readonly uri: vscode.Uri }[];
      readonly workingTreeChanges: readonly { readonly uri: vscode.Uri }[];
      readonly indexChanges: readonly { readonly uri: vscode.Uri }[];
    };
  }[];
}

/** @param ref a commit; empty: the last one @returns URIs; empty without Git */
export async function changedFiles(ref: string): Promise<ReadonlySet<string>> {
  const extension = vscode.extensions.getExtension<{ getAPI(version: 1): GitApi }>('vscode.git');
  try {
    const git = (await extension?.activate())?.getAPI(1);
    const repositories = git?.repositories ?? [];
    const changes = await Promise.all(
      repositories.map(async (repository) => [
        ...(ref === '' ? [] : await repository.diffWith(ref)),
        ...repository.state.workingTreeChanges,
        ...repository.state.indexChanges,
        ...repository.state.untrackedChanges,
      ]),
    );
    return new Set(changes.flat().map(({ uri }) => uri.toString()));
  } catch (error) {
    void vscode.window.showWarningMessage(l10n.t('The files that changed are unknown: {0}', String(error)));
    return new Set();
  }
}
