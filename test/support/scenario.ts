/** The same scenario with the capabilities of each client: at the end all of them show the same. */
import assert from 'node:assert/strict';
import type { ClientCapabilities } from 'vscode-languageserver-protocol/node';
import { Client, type ShownDiagnostic } from './client.ts';
import { clients } from './clients.ts';
import type { TestWorkspace } from './workspace.ts';

export interface ScenarioOptions {
  readonly sets?: Readonly<Record<string, ClientCapabilities>>;
  /** What is left when the server has ended. */
  readonly afterEnd?: (client: Client) => Promise<void>;
}

/**
 * @param make the workspace; each client has its own
 * @param run opens the client, and leaves it open
 */
export function scenario(
  title: string,
  make: () => Promise<TestWorkspace>,
  run: (client: Client, workspace: TestWorkspace) => Promise<void>,
  { sets = clients, afterEnd }: ScenarioOptions = {},
): void {
  describe(title, () => {
    let first: { readonly name: string; readonly shows: readonly ShownDiagnostic[] } | undefined;

    for (const [name, capabilities] of Object.entries(sets)) {
      it(name, async () => {
        await using workspace = await make();
        await using client = new Client(capabilities);
        await run(client, workspace);
        const shows = await client.final();
        first ??= { name, shows };
        assert.deepEqual(shows, first.shows, `${name} shows in the end what ${first.name} shows`);
        const { registrations } = client.editor;
        const watched = registrations.some(({ method }) => method === 'workspace/didChangeWatchedFiles');
        assert.equal(watched, client.watches, 'the server asks for reports of files where it gets them');
        await client.end();
        await afterEnd?.(client);
      });
    }
  });
}
