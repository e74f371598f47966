/** Questions of agents about a workspace of several folders. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { merged, questionsFor, type AskedFolder } from '../../../server/lsp/folder-questions.ts';
import { anIssue } from '../mcp/support.ts';
import { makeWorkspace, type TestWorkspace } from '../../support/workspace.ts';

describe('a question about several folders', () => {
  let workspace: TestWorkspace;
  let folders: readonly (AskedFolder & { readonly name: string })[];
  before(async () => {
    workspace = await makeWorkspace({ 'one/a.ts': '', 'one/both.ts': '', 'two/b.ts': '', 'two/both.ts': '' });
    folders = ['one', 'two'].map((name) => ({
      name,
      folder: { root: path.join(workspace.root, name), issues: () => [anIssue({ fingerprint: `${name}12345678` })] },
      knows: (handle) => handle === `handle of ${name}`,
    }));
  });
  after(() => workspace[Symbol.asyncDispose]());

  const ask = async (input: unknown) => {
    const { asked, omitted } = await questionsFor(folders, input);
    return {
      asked: asked.map(({ asked: { name }, input: own }) => [name, own]),
      omitted: omitted.map(({ name }) => name),
    };
  };

  it('goes to all, with a share of the tokens', async () => {
    const all = [['one', { maxTokens: 500 }], ['two', { maxTokens: 500 }]]; // prettier-ignore
    assert.deepEqual(await ask({}), { asked: all, omitted: [] });
    assert.deepEqual(await ask({ maxTokens: 300 }), { asked: [['one', { maxTokens: 300 }]], omitted: ['two'] });
  });

  it('goes to the folder that has what it names', async () => {
    const b = path.join(workspace.root, 'two/b.ts');
    for (const [input, expected] of [
      [{ paths: ['a.ts'] }, [['one', { paths: ['a.ts'] }]]],
      [{ files: [b] }, [['two', { files: [b] }]]],
      [{ texts: [{ file: 'b.ts', text: 'x' }] }, [['two', { texts: [{ file: 'b.ts', text: 'x' }] }]]],
      [{ issue: 'two1234' }, [['two', { issue: 'two1234' }]]],
      [{ since: 'handle of one' }, [['one', { since: 'handle of one' }]]],
    ] as const)
      assert.deepEqual((await ask(input)).asked, expected);
  });

  it('is divided where it names something of each', async () => {
    assert.deepEqual((await ask({ files: ['a.ts', 'b.ts', 'both.ts'] })).asked, [
      ['one', { files: ['a.ts', 'both.ts'], maxTokens: 500 }],
      ['two', { files: ['b.ts', 'both.ts'], maxTokens: 500 }],
    ]);
    assert.deepEqual((await ask({ issues: ['one1', 'two1'] })).asked, [
      ['one', { issues: ['one1'], maxTokens: 500 }],
      ['two', { issues: ['two1'], maxTokens: 500 }],
    ]);
  });

  it('goes to all if none has what it names, so that one of them says so', async () => {
    assert.equal((await ask({ paths: ['typo.ts'] })).asked.length, 2);
    assert.equal((await ask({ paths: ['src/**', '\0', 7] })).asked.length, 2);
    assert.deepEqual((await ask('nonsense')).asked, [['one', 'nonsense']]);
  });

  it('has one answer: of those that could give one, each with its folder', () => {
    const answer = (name: string, isError = false) => ({ folder: { root: name }, text: `of ${name}`, structured: { name }, isError }); // prettier-ignore
    assert.deepEqual(merged([answer('one'), answer('two', true)]), { text: 'of one', structured: { name: 'one' }, isError: false }); // prettier-ignore
    assert.equal(merged([answer('one', true), answer('two', true)]).isError, true);
    const { text, structured } = merged([answer('one'), answer('two')]);
    assert.equal(text, 'Folder "one"\nof one\n\nFolder "two"\nof two');
    assert.deepEqual(structured, { folders: [{ folder: 'one', name: 'one' }, { folder: 'two', name: 'two' }] }); // prettier-ignore
  });
});
