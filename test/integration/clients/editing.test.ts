/** What is typed, saved, closed, and written by other programs, with the capabilities of each client. */
import { scenario } from '../../support/scenario.ts';
import { brokenIssues, makeBrokenWorkspace } from '../../support/workspace.ts';

const loose = 'var loose = 1;\nif (loose == 2) loose = 3;\n';
const types = "export const count: number = 'three';\n";

/** All issues of the workspace but for those in a file. */
const without = (file: string): readonly string[] => brokenIssues.filter((issue) => !issue.startsWith(file));

describe('every client, while files change,', function () {
  this.timeout(180_000);

  scenario('clears an issue only when its file is fixed and saved', makeBrokenWorkspace, async (client, { root }) => {
    await client.open([root], { settings: { run: 'onSave' } });
    await client.shows(...brokenIssues);
    await client.show('src/types.ts', types);
    await client.type('src/types.ts', 'export const count: number = 3;\n');
    await client.final();
    await client.shows(...brokenIssues);
    await client.save('src/types.ts');
    await client.shows(...without('src/types.ts'));
  });

  scenario(
    'analyses unsaved text, and forgets it when the file is closed',
    makeBrokenWorkspace,
    async (client, { root }) => {
      await client.open([root]);
      await client.shows(...brokenIssues);
      await client.show('src/clean.ts', 'export const clean = true;\n');
      await client.type('src/clean.ts', "import { a } from './a.js';\nexport const clean: string = a();\n");
      await client.shows(...brokenIssues, 'src/clean.ts TS2322');
      await client.show('src/loose.js', loose);
      await client.type('src/loose.js', 'const loose = 1;\n');
      await client.shows(...without('src/loose.js'), 'src/clean.ts TS2322');
      await client.close('src/clean.ts');
      await client.close('src/loose.js');
      await client.shows(...brokenIssues);
    },
  );

  scenario('forgets unsaved text when it is undone in the open file', makeBrokenWorkspace, async (client, { root }) => {
    await client.open([root]);
    await client.shows(...brokenIssues);
    await client.show('src/loose.js', loose);
    await client.type('src/loose.js', 'const loose = 1;\n');
    await client.shows(...without('src/loose.js'));
    await client.type('src/loose.js', loose);
    await client.shows(...brokenIssues);
    await client.type('src/loose.js', `${loose}if (loose == 4) loose = 5;\n`);
    await client.shows(...brokenIssues, 'src/loose.js eqeqeq');
    await client.type('src/loose.js', loose);
    await client.shows(...brokenIssues);
  });

  scenario(
    'follows files that are created, changed and deleted outside of the editor',
    makeBrokenWorkspace,
    async (client, { root }) => {
      await client.open([root]);
      await client.shows(...brokenIssues);
      await client.elsewhere({
        'src/new.js': 'var fresh = 1;\n',
        'src/types.ts': 'export const count = missing;\n',
        'src/loose.js': undefined,
      });
      await client.shows('src/b.ts import-cycle', 'src/new.js no-var', 'src/types.ts TS2304');
    },
  );
});
