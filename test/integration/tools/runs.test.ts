/** Declared tools that work, fail, hang, flood and die, run as their workers run them. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { optionsOfTool } from '../../../workers/protocol/declared-tools.ts';
import type { ToolDeclaration } from '../../../workers/protocol/tool-declaration.ts';
import type { Issue } from '../../../workers/protocol/detector-protocol.ts';
import { declaredTool } from '../../../workers/tools/index.ts';
import { alive } from '../../support/processes.ts';
import { runDetector, type DetectorRun } from '../../support/run-detector.ts';
import { workspaceOf, type TestWorkspace } from '../graph/workspace.ts';

/** A linter of one rule: every `BAD`. It dies of `POISON`, and appends its arguments to `log`. */
const linter = `
import { appendFileSync, readFileSync } from 'node:fs';
const files = process.argv.slice(2);
appendFileSync('log', files.join(' ') + '\\n');
let found = 0;
for (const name of files) {
  const isText = name.startsWith('--stdin=');
  const text = readFileSync(isText ? 0 : name, 'utf8');
  if (text.includes('POISON')) { console.error('cannot read ' + name); process.exit(70); }
  text.split('\\n').forEach((line, row) => {
    if (line.includes('BAD')) { found += 1; console.log((isText ? '<stdin>' : name) + ':' + (row + 1) + ':' + (line.indexOf('BAD') + 1) + ': error: bad word [words]'); }
  });
}
process.exitCode = found > 0 ? 1 : 0;
`;

const tool = (more: Partial<ToolDeclaration> = {}): ToolDeclaration => ({
  command: ['node', 'tool.mjs', '{files}'],
  files: ['**/*.txt'],
  ...more,
});

/** The file was saved after every run until now. */
const later = (workspace: TestWorkspace, file: string): void => {
  const time = new Date(Date.now() + 60_000);
  utimesSync(path.join(workspace.root, file), time, time);
};

const brief = ({ file, range: { start }, rule, severity, message }: Issue): string =>
  `${file}:${start.line + 1}:${start.character + 1} ${severity} ${rule} ${message}`;

/** Each test has a name of its own, because workers remember what they said. */
async function run(
  workspace: TestWorkspace,
  name: string,
  declaration: ToolDeclaration,
  extra: Parameters<typeof runDetector>[3] = {},
): Promise<DetectorRun> {
  const detector = declaredTool(name, fail);
  try {
    return await runDetector(detector, workspace.root, optionsOfTool(declaration), extra);
  } finally {
    await detector.dispose?.();
  }
}

const fail = (code: number, why: string): Promise<never> => Promise.reject(new Error(`ended with ${code}: ${why}`));

const lines = (workspace: TestWorkspace): readonly string[] =>
  existsSync(path.join(workspace.root, 'log')) ? readFileSync(path.join(workspace.root, 'log'), 'utf8').trim().split('\n') : []; // prettier-ignore

describe('declared tools', function () {
  this.timeout(240_000);

  it('look at many files in one run, and at one unsaved text', async () => {
    using workspace = workspaceOf({ 'tool.mjs': linter, 'a.txt': 'fine\n  BAD', 'sub/b.txt': 'BAD', '-c.txt': 'fine' });
    const all = await run(workspace, 'many', tool());
    assert.deepEqual(all.issues.map(brief), ['a.txt:2:3 error words bad word', 'sub/b.txt:1:1 error words bad word']);
    assert.deepEqual(all.problems, []);
    assert.equal(all.plan.engine, 'node tool.mjs');
    assert.deepEqual(lines(workspace), ['./-c.txt a.txt sub/b.txt']);
    const overlays = [{ file: 'a.txt', text: 'BAD', version: 2 }];
    const units = all.plan.units.filter(({ file }) => file === 'a.txt');
    const asked = { overlays, units, since: { 'a.txt': 1 } };
    const unread = await run(workspace, 'many', tool(), asked);
    assert.deepEqual(unread.result?.coverage, { 'a.txt': 'unchanged' });
    // The engine has no answer, or an older one; or the text hides that the file was saved.
    const again = async (more: Parameters<typeof runDetector>[3]): Promise<readonly string[]> =>
      (await run(workspace, 'many', tool(), { ...asked, ...more })).issues.map(brief);
    assert.deepEqual(await again({ since: {}, revision: 3 }), ['a.txt:1:4 error words bad word']);
    assert.deepEqual(await again({ since: { 'a.txt': 2 }, revision: 4 }), ['a.txt:1:4 error words bad word']);
    workspace.write('a.txt', 'BAD');
    later(workspace, 'a.txt');
    assert.deepEqual(await again({ since: { 'a.txt': 4 }, revision: 5 }), ['a.txt:1:1 error words bad word']);
    const typed = await run(workspace, 'many', tool({ stdin: ['node', 'tool.mjs', '--stdin={file}'] }), {
      overlays,
      units,
    });
    assert.deepEqual(typed.issues.map(brief), ['a.txt:1:1 error words bad word']);
    assert.deepEqual(lines(workspace).slice(1), ['a.txt', 'a.txt', 'a.txt', '--stdin=a.txt']);
  });

  it('that fail at a file lose that file only', async () => {
    using workspace = workspaceOf({ 'tool.mjs': linter, '1.txt': 'BAD', '2.txt': 'POISON', '3.txt': 'BAD' });
    const { issues, problems } = await run(workspace, 'poison', tool());
    assert.deepEqual(problems, []);
    assert.deepEqual(issues.map(brief), [
      '1.txt:1:1 error words bad word',
      '2.txt:1:1 error tool-failed poison failed with exit code 70. It said: cannot read 2.txt',
      '3.txt:1:1 error words bad word',
    ]);
  });

  it('that are broken, missing, slow or endless are one problem of their declaration', async () => {
    const broken = "console.error('no configuration found'); process.exit(2);";
    const config = '{\n  "external": {\n    "t": { "command": ["gone"] }\n  }\n}';
    using workspace = workspaceOf({ 'tool.mjs': broken, 'bulkhead.config.json': config, 'a.txt': '', 'b.txt': '', 'c.txt': '', 'd.txt': '', 'e.txt': '' }); // prettier-ignore
    const problemOf = async (declaration: ToolDeclaration, script = broken): Promise<string> => {
      workspace.write('tool.mjs', script);
      const { problems, issues } = await run(workspace, 't', declaration);
      assert.deepEqual(issues, []);
      assert.deepEqual(problems.map(({ file, fatal, range }) => [file, fatal, range?.start.line]), [['bulkhead.config.json', true, 2]]); // prettier-ignore
      return problems[0]?.message ?? '';
    };
    assert.match(await problemOf(tool()), /^t failed with exit code 2\. It said: no configuration found$/);
    assert.match(await problemOf(tool({ output: 'eslint' })), /^t printed no eslint output \(exit code 2\)/);
    assert.match(await problemOf(tool({ command: ['gone', '{files}'] })), /is declared but cannot be found: gone is neither in node_modules\/\.bin nor on the PATH\. Install it, or/); // prettier-ignore
    assert.match(await problemOf(tool({ command: ['./gone.sh'], install: 'Run: get it.' })), /There is no file \.\/gone\.sh\. Run: get it\.$/); // prettier-ignore
    assert.match(await problemOf(tool({ timeout: 1 }), 'setInterval(() => {}, 1000);'), /^t did not finish within 1 s and was stopped\./); // prettier-ignore
    const flooding =
      "const line = 'x'.repeat(1 << 20); const print = () => { while (process.stdout.write(line)); process.stdout.once('drain', print); }; print();";
    assert.match(
      await problemOf(tool({ command: ['node', 'tool.mjs'] }), flooding),
      /^t printed more than 64 MB and was stopped\./,
    );
    assert.match(await problemOf(tool(), "process.kill(process.pid, 'SIGKILL');"), /^t was ended by SIGKILL\./);
  });

  it('that are cancelled end with everything that they started', async () => {
    const starting = `import { spawn } from 'node:child_process'; import { writeFileSync } from 'node:fs';
      const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']); writeFileSync('pid', String(child.pid)); setInterval(() => {}, 1000);`;
    using workspace = workspaceOf({ 'tool.mjs': starting, 'a.txt': '' });
    const controller = new AbortController();
    const running = run(workspace, 'cancelled', tool(), { signal: controller.signal });
    const file = path.join(workspace.root, 'pid');
    while (!existsSync(file) || readFileSync(file, 'utf8') === '') await delay(20);
    const pid = Number(readFileSync(file, 'utf8'));
    assert.equal(alive(pid), true);
    controller.abort(new Error('enough'));
    await assert.rejects(running, /enough/);
    while (alive(pid)) await delay(20);
  });

  it('that somebody kills are started again', async () => {
    using workspace = workspaceOf({
      'tool.mjs': `import { existsSync, writeFileSync } from 'node:fs';
        if (!existsSync('once')) { writeFileSync('once', ''); process.kill(process.pid, 'SIGKILL'); }
        console.log('a.txt:1:1: warning: fine again [r]');`,
      'a.txt': 'x',
    });
    const { issues, problems } = await run(workspace, 'killed', tool({ command: ['node', 'tool.mjs'] }));
    assert.deepEqual(issues.map(brief), ['a.txt:1:1 warning r fine again']);
    assert.deepEqual(problems, []);
  });

  it('that look at the folder run again for saved changes, not for typed ones', async () => {
    using workspace = workspaceOf({ 'tool.mjs': linter, 'a.txt': 'BAD' });
    const folder = tool({ command: ['node', 'tool.mjs', 'a.txt'] });
    assert.deepEqual((await run(workspace, 'folder', folder)).issues.map(brief), ['a.txt:1:1 error words bad word']);
    const since = { folder: 1 };
    const overlays = [{ file: 'a.txt', text: '', version: 2 }];
    const typed = await run(workspace, 'folder', folder, { since, changed: ['a.txt'], overlays });
    assert.deepEqual(typed.result?.coverage, { folder: 'unchanged' });
    // The engine has no answer: the one above got lost.
    const lost = await run(workspace, 'folder', folder, { changed: ['a.txt'], overlays, revision: 2 });
    assert.deepEqual([lost.issues.length, lost.result?.coverage], [1, undefined]);
    const hidden = await run(workspace, 'folder', folder, { since, changed: ['a.txt'], overlays, revision: 3 });
    assert.notDeepEqual(hidden.result?.coverage, { folder: 'unchanged' });
    const before = lines(workspace).length;
    workspace.write('a.txt', 'fine');
    const saved = await run(workspace, 'folder', folder, { since, changed: ['a.txt'], revalidate: true });
    assert.deepEqual([saved.issues, saved.result?.coverage], [[], undefined]);
    assert.equal(lines(workspace).length, before + 1);
  });

  it('say what they are not asked about in vain', async () => {
    using workspace = workspaceOf({ 'tool.mjs': "console.log('../x.c:1:1: error: out');\nconsole.log('b.md:1:1: error: other');", 'a.txt': 'x', 'b.md': 'x' }); // prettier-ignore
    const { issues, problems } = await run(workspace, 'others', tool());
    assert.deepEqual(issues, []);
    assert.deepEqual(
      problems.map(({ message, fatal }) => [message, fatal]),
      [
        ['others: One finding was left out: they are outside of the workspace (../x.c).', false],
        ['others: Findings in files that it was not asked about were left out (b.md).', false],
      ],
    );
  });

  it('run only what no detector runs, and only where there is something to look at', async () => {
    using workspace = workspaceOf({ 'a.txt': '' });
    const ran = await run(workspace, 'vue-tsc', { ...tool(), ranBy: 'typescript' });
    assert.equal(ran.plan.status, 'not-applicable');
    assert.match(ran.plan.note ?? '', /The detector typescript runs vue-tsc already/);
    const none = await run(workspace, 'none', tool({ command: ['node', '.'], files: ['*.py'] }));
    assert.equal(none.plan.note, 'There are no files for none to check.');
  });
});

/** A program that speaks the protocol. What it does follows from the text of each file. */
const program = `
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
const say = (message) => process.stdout.write(JSON.stringify(message) + '\\n');
say({ ready: 1 });
createInterface({ input: process.stdin }).on('line', (line) => {
  const { tx, type, payload } = JSON.parse(line);
  if (type !== 'check') return;
  const { units, overlays, root } = payload.request;
  const event = (kind, unit, more) => say({ tx, type: 'checkEvent', events: [{ kind, unit: unit.id, file: unit.file, ...more }] });
  for (const unit of units) {
    event('begin', unit);
    const text = overlays.find(({ file }) => file === unit.file)?.text ?? readFileSync(root + '/' + unit.file, 'utf8');
    if (text === 'die') process.exit(9);
    if (text === 'hang') return;
    if (text === 'error') return say({ tx, type: 'checkError', error: { message: 'no idea' } });
    const range = { start: { line: 0, character: 0 }, end: { line: 0, character: 1 } };
    const issues = [{ rule: 'r', severity: 'error', message: text + ' ' + process.pid, range, fingerprint: 'mine', detector: 'theirs', consequences: 7 }];
    if (text === 'odd') issues.push({ rule: 'r', message: 'no range' }, 3, { rule: 'r', message: 'm', range: { start: { line: -1, character: 0 }, end: range.end } });
    if (text === 'odd') say({ tx, type: 'checkEvent', events: [{ kind: 'issues', unit: 'other', file: unit.file, issues }, { kind: 'issues', unit: unit.id, file: '../x', issues }, 5] });
    event('issues', unit, { issues });
    event('done', unit);
  }
  console.log('noise'); console.log('{"json": "noise"}');
  say({ tx, type: 'checkResult' });
});
`;

describe('programs that speak the protocol', function () {
  this.timeout(240_000);
  const declaration = tool({ command: ['node', 'program.mjs'], output: 'bulkhead' });

  it('stay alive, see unsaved text, and set nothing that is not theirs', async () => {
    using workspace = workspaceOf({ 'program.mjs': program, 'a.txt': 'one', 'b.txt': 'odd' });
    const detector = declaredTool('p', fail);
    await using _end = { [Symbol.asyncDispose]: async () => detector.dispose?.() };
    const options = optionsOfTool(declaration);
    const first = await runDetector(detector, workspace.root, options);
    const [pid] = /\d+$/.exec(first.issues[0]?.message ?? '') ?? [];
    assert.ok(Number(pid) > 0);
    assert.equal(first.issues[0]?.detector, 'p');
    assert.notEqual(first.issues[0]?.fingerprint, 'mine');
    assert.equal(first.issues[0]?.consequences, undefined);
    assert.deepEqual(
      first.problems.map(({ message, fatal }) => `${message} ${fatal}`),
      [
        'p: it answered for a unit that it was not asked about (other). false',
        'p: it named a file that is not in the workspace, or not the one that it was asked about (../x). false',
        'p: a finding was left out: no valid range (rule r). false',
      ],
    );
    const overlays = [{ file: 'a.txt', text: 'typed', version: 2 }];
    const second = await runDetector(detector, workspace.root, options, {
      overlays,
      units: first.plan.units.slice(0, 1),
    });
    assert.equal(second.issues[0]?.message, `typed ${pid}`);
    process.kill(Number(pid), 'SIGKILL');
    while (alive(Number(pid))) await delay(10);
    const third = await runDetector(detector, workspace.root, options, { units: first.plan.units.slice(0, 1) });
    assert.match(third.issues[0]?.message ?? '', /^one \d+$/);
    assert.notEqual(third.issues[0]?.message, `one ${pid}`);
  });

  it('that die or hang end their worker; their errors are problems', async () => {
    using workspace = workspaceOf({ 'program.mjs': program, 'a.txt': 'die' });
    await assert.rejects(
      run(workspace, 'p', declaration),
      /ended with 9: p ended with exit code 9 while it was checking\./,
    );
    workspace.write('a.txt', 'hang');
    await assert.rejects(
      run(workspace, 'p', { ...declaration, timeout: 1 }),
      /ended with 1: p said nothing for 1 s and was ended/,
    );
    workspace.write('a.txt', 'error');
    const { problems } = await run(workspace, 'p', declaration);
    assert.deepEqual(
      problems.map(({ message }) => message),
      ['p failed: no idea'],
    );
  });
});
