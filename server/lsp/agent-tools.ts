/**
 * The tools of `bulkhead mcp`, answered by the analysis that runs for the editor: unsaved documents count as the editor has
 * them. Lives as long as the connection.
 */
import path from 'node:path';
import type { CancellationToken, Connection } from 'vscode-languageserver/node';
import { agentRequests, type ToolAnswer, type ToolParams } from '../../workers/protocol/agent-requests.ts';
import type { Folder } from '../folder/folder.ts';
import type * as AskModule from '../mcp/ask.ts';
import type * as RequestsModule from '../mcp/requests.ts';
import type * as SessionModule from '../mcp/session.ts';
import { signalOf } from './cancellation.ts';
import { merged, questionsFor, type AskedFolder } from './folder-questions.ts';
import type { Workspace } from './workspace.ts';

export interface AgentToolsHost {
  workspace(): Workspace | undefined;
  trusted(): boolean;
  /** Resolves when the folders know what the editor has unsaved, even if unsaved text is not analysed otherwise. */
  upToDate(): Promise<void>;
  /** An error is ours. */
  onError(error: unknown): void;
}

/** What is loaded for the first question: most editors never ask. */
interface Loaded {
  readonly ask: typeof AskModule;
  readonly requests: typeof RequestsModule;
  readonly session: typeof SessionModule;
}

export class AgentTools {
  readonly #host: AgentToolsHost;
  readonly #sessions = new WeakMap<Folder, SessionModule.Session>();
  #requests: RequestsModule.Requests | undefined;

  constructor(host: AgentToolsHost) {
    this.#host = host;
  }

  listen(connection: Connection): void {
    connection.onRequest(agentRequests.tool, (params: ToolParams, token: CancellationToken) =>
      this.answer(params, signalOf(token)),
    );
  }

  async answer({ name, input }: ToolParams, signal: AbortSignal): Promise<ToolAnswer> {
    const workspace = this.#host.workspace();
    if (!this.#host.trusted())
      return noAnswer('untrusted', 'The workspace is not trusted, so no question about it is answered. The user can trust it.'); // prettier-ignore
    if (workspace === undefined || workspace.openFolders.length === 0)
      return noAnswer('no_folder', 'No folder is open, so there is nothing to ask about.');
    await this.#host.upToDate();
    const loaded = await load();
    const requests = (this.#requests ??= new loaded.requests.Requests());
    const { ask, isToolName } = loaded.ask;
    if (!isToolName(name)) return noAnswer('wrong_use', `There is no tool ${JSON.stringify(name)}.`);
    const folders = workspace.openFolders.map((folder): AskedFolder & { readonly session: SessionModule.Session } => {
      const session = this.#sessionOf(folder, workspace, loaded);
      return { folder, session, knows: (handle) => session.knows(handle) };
    });
    const questions = await questionsFor(folders, input);
    const answers = await Promise.all(
      questions.asked.map(async ({ asked, input: own }) => {
        try {
          return { folder: asked.folder, ...(await ask(asked.session, requests, name, own, signal)), isError: false };
        } catch (error) {
          const { code, message } = loaded.requests.asRequestError(error, (cause) => this.#host.onError(cause));
          return { folder: asked.folder, ...noAnswer(code, message) };
        }
      }),
    );
    return merged(answers, questions.omitted);
  }

  #sessionOf(folder: Folder, workspace: Workspace, { session: { Session: Answers } }: Loaded): SessionModule.Session {
    const known = this.#sessions.get(folder);
    if (known) return known;
    const session = new Answers(
      folder.root,
      folder.opened.then(() => folder),
      {
        documentOf: (file) => workspace.documentOf(path.join(folder.root, file)),
        hold: (ended) => workspace.hold(ended),
      },
    );
    this.#sessions.set(folder, session);
    return session;
  }
}

async function load(): Promise<Loaded> {
  const [ask, requests, session] = await Promise.all([
    import('../mcp/ask.ts'),
    import('../mcp/requests.ts'),
    import('../mcp/session.ts'),
  ]);
  return { ask, requests, session };
}

function noAnswer(code: string, message: string): ToolAnswer {
  return { text: `${code}: ${message}`, structured: { error: { code, message } }, isError: true };
}
