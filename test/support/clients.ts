/** What the clients can do: the capabilities that they send, as far as they concern the server. */
import type { ClientCapabilities } from 'vscode-languageserver-protocol/node';

const publishes: ClientCapabilities = { textDocument: { publishDiagnostics: { relatedInformation: true } } };

export const clients: Readonly<Record<string, ClientCapabilities>> = {
  'VS Code': {
    workspace: {
      workspaceFolders: true,
      configuration: true,
      didChangeWatchedFiles: { dynamicRegistration: true, relativePatternSupport: true },
      workspaceEdit: {
        documentChanges: true,
        resourceOperations: ['create', 'rename', 'delete'],
        changeAnnotationSupport: { groupsOnLabel: true },
      },
      diagnostics: { refreshSupport: true },
    },
    textDocument: {
      ...publishes.textDocument,
      diagnostic: { dynamicRegistration: true },
      codeAction: { dataSupport: true, resolveSupport: { properties: ['edit'] } },
    },
    window: { workDoneProgress: true },
  },
  Neovim: {
    general: { positionEncodings: ['utf-8', 'utf-16', 'utf-32'] },
    workspace: {
      workspaceFolders: true,
      configuration: true,
      didChangeWatchedFiles: { dynamicRegistration: false, relativePatternSupport: true },
    },
    textDocument: { ...publishes.textDocument, diagnostic: {} },
    window: { workDoneProgress: true },
  },
  Helix: {
    general: { positionEncodings: ['utf-8', 'utf-32', 'utf-16'] },
    workspace: {
      workspaceFolders: true,
      configuration: true,
      didChangeWatchedFiles: { dynamicRegistration: true, relativePatternSupport: false },
      workspaceEdit: { documentChanges: true },
    },
    ...publishes,
    window: { workDoneProgress: true },
  },
  Zed: {
    general: { positionEncodings: ['utf-16'] },
    workspace: {
      workspaceFolders: true,
      configuration: true,
      didChangeWatchedFiles: { dynamicRegistration: true, relativePatternSupport: true },
      workspaceEdit: { documentChanges: true },
    },
    textDocument: { ...publishes.textDocument, diagnostic: { dynamicRegistration: true } },
    window: { workDoneProgress: true },
  },
  minimal: {},
  'pull-only': {
    workspace: { workspaceFolders: true, diagnostics: { refreshSupport: true } },
    textDocument: { diagnostic: { dynamicRegistration: false } },
  },
};

/** No set of an editor, but the only ones whose positions are not those of JavaScript. */
export const utf8Clients: Readonly<Record<string, ClientCapabilities>> = {
  'utf-8 only': { ...clients['minimal'], general: { positionEncodings: ['utf-8'] } },
};
