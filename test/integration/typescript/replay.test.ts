/** Random edits by seed in one warm session, held against a cold `tsc` after each. */
import assert from 'node:assert/strict';
import { differenceOf } from '../../support/typescript-oracle.ts';
import { Project, randomFrom, UNIT } from './seeded-project.ts';
import { Asker, cleanUp, makeWorkspace, tscOf, versions } from './support.ts';

const STEPS = 12;
const SEEDS = [1, 3] as const;

for (const version of versions) {
  describe(`${version}: seeded defects, one after another`, function () {
    this.timeout(300_000);
    after(cleanUp);

    for (const seed of SEEDS) {
      it(`seed ${String(seed)}, ${String(STEPS)} steps`, async () => {
        const random = randomFrom(seed);
        const project = new Project();
        const workspace = await makeWorkspace(project.files(), version);
        const asker = new Asker(workspace);
        await asker.ask();
        const kinds = new Set<string>();
        let issues = 0;
        for (let step = 0; step < STEPS; step += 1) {
          const { name, changed } = await project.mutate(workspace, random);
          kinds.add(name);
          const where = `seed ${String(seed)}, step ${String(step)}: ${name} of ${changed.join(', ')}`;
          const said = tscOf(workspace, UNIT);
          // Every fourth time nobody says what changed; every third time the next edit comes before all is confirmed.
          await asker.ask(step % 4 === 3 ? {} : { changed });
          const theirs = await said;
          if (step % 3 === 2) continue;
          await asker.confirm();
          const ours = asker.linesOf(UNIT);
          if (project.stopsTsc) assert.deepEqual(differenceOf(ours, theirs).missing, [], where);
          else assert.deepEqual(ours, theirs, where);
          issues += ours.length;
        }
        assert.ok(kinds.size > 4 && issues >= 5, `${[...kinds].join(', ')}; ${String(issues)} issues`);
      });
    }
  });
}
