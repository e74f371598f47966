/** Which package of a workspace is told that it wants another version: the cases that manypkg and syncpack test. */
import assert from 'node:assert/strict';
import { detector } from '../../../workers/detectors/package/index.ts';
import { runDetector } from '../../support/run-detector.ts';
import { workspaceOf } from '../graph/workspace.ts';

interface Member {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** `package dependency → what it should be`, in path order. */
async function mismatches(members: Readonly<Record<string, Member>>): Promise<readonly string[]> {
  const manifests = Object.entries(members).map(([name, member]) => [`${name}/package.json`, { name, ...member }]);
  using workspace = workspaceOf({
    'package.json': { name: 'root', private: true, workspaces: ['*'] },
    ...(Object.fromEntries(manifests) as Record<string, object>),
  });
  const { issues } = await runDetector(detector, workspace.root);
  return issues
    .filter(({ rule }) => rule === 'version-mismatch')
    .map(({ file, message }) => {
      const [, name = '', wanted = ''] = /^'(\S+)' is .* here, but (?:this workspace has )?([^,:]+?)(?: in |, so )/.exec(message) ?? []; // prettier-ignore
      return `${file.split('/')[0] ?? ''} ${name} → ${wanted}`;
    });
}

const wants = (range: string): Member => ({ dependencies: { x: range } });

describe('package: version-mismatch', () => {
  it('takes the range that most say, wherever it stands and whichever comes first', async () => {
    assert.deepEqual(await mismatches({ a: wants('1.0.0'), b: wants('2.0.0'), c: wants('1.0.0') }), ['b x → 1.0.0']);
    assert.deepEqual(await mismatches({ a: wants('2.0.0'), b: wants('1.0.0'), c: wants('1.0.0') }), ['a x → 1.0.0']);
    const sections = {
      a: { devDependencies: { x: '^1.0.0' } },
      b: { optionalDependencies: { x: '^2.0.0' } },
      c: wants('^1.0.0'),
    };
    assert.deepEqual(await mismatches(sections), ['b x → ^1.0.0']);
  });

  it('takes the highest where as many say one as the other, by version and not by letters', async () => {
    assert.deepEqual(await mismatches({ a: wants('1.0.0'), b: wants('2.0.0') }), ['a x → 2.0.0']);
    assert.deepEqual(await mismatches({ a: wants('^10.0.0'), b: wants('^9.0.0') }), ['b x → ^10.0.0']);
    const three = { a: wants('1.0.0'), b: wants('2.0.0'), c: wants('3.0.0') };
    assert.deepEqual(await mismatches(three), ['a x → 3.0.0', 'b x → 3.0.0']);
    const many = { a: wants('1.0.0'), b: wants('1.0.0'), c: wants('2.0.0'), d: wants('2.0.0'), e: wants('3.0.0') };
    assert.deepEqual(await mismatches(many), ['a x → 2.0.0', 'b x → 2.0.0', 'e x → 2.0.0']);
  });

  it('takes another spelling for another range, and nothing for one that is none', async () => {
    assert.deepEqual(await mismatches({ a: wants('^1.0.0'), b: wants('~1.0.0'), c: wants('^1.0.0') }), [
      'b x → ^1.0.0',
    ]);
    assert.deepEqual(
      await mismatches({ a: wants('1.0.0'), b: wants('latest'), c: wants('git+ssh://git@x/x.git') }),
      [],
    );
    assert.deepEqual(await mismatches({ a: wants('1.0.0'), b: wants('catalog:'), c: wants('npm:y@2.0.0') }), []);
    assert.deepEqual(await mismatches({ a: wants('1.0.0'), b: wants('*') }), []);
  });

  it('says nothing of a peer, nor of what only one wants', async () => {
    assert.deepEqual(await mismatches({ a: wants('1.0.0'), b: { peerDependencies: { x: '>=2' } } }), []);
    assert.deepEqual(await mismatches({ a: wants('1.0.0'), b: {} }), []);
  });

  it('holds ranges of a package of the workspace against its version', async () => {
    const local = (range: string, version = '1.0.0'): Readonly<Record<string, Member>> => ({ user: wants(range), x: { version } }); // prettier-ignore
    assert.deepEqual(await mismatches(local('^1.0.0')), []);
    assert.deepEqual(await mismatches(local('^0.1.0')), ['user x → 1.0.0']);
    assert.deepEqual(await mismatches({ user: { devDependencies: { x: '^0.1.0' } }, x: { version: '1.0.0' } }), ['user x → 1.0.0']); // prettier-ignore
    assert.deepEqual(await mismatches(local('^2.0.0')), ['user x → 1.0.0'], 'higher than what there is');
    for (const range of ['*', 'workspace:*', 'workspace:^0.1.0', 'npm:x@sometag', 'npm:@other/x@sometag', 'file:../x'])
      assert.deepEqual(await mismatches(local(range)), [], range);
    assert.deepEqual(await mismatches(local('^1.0.0', '1.1.0-beta.1')), [], 'a prerelease on its way');
    assert.deepEqual(await mismatches(local('^1.0.0', '0.0.0')), [], 'written by a release');
    assert.deepEqual(await mismatches({ user: wants('^1.0.0'), x: {} }), [], 'no version at all');
    const apart = { a: wants('^1.0.0'), b: wants('^1.0.2'), x: { version: '1.0.3' } };
    assert.deepEqual(await mismatches(apart), [], 'both ranges have it');
  });
});
