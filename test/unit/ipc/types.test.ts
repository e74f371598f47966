/** The type tests as a test: the compiler accepts test/types/ipc as it is, and refuses it without the expectations. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../../..');
const source = path.join(root, 'test/types/ipc');

function compile(directory: string): string {
  const config = path.join(directory, 'tsconfig.json');
  writeFileSync(
    config,
    JSON.stringify({
      extends: path.join(root, 'tsconfig.base.json'),
      compilerOptions: {
        composite: false,
        incremental: false,
        noEmit: true,
        emitDeclarationOnly: false,
        declaration: false,
        rootDir: root,
        typeRoots: [path.join(root, 'node_modules/@types')],
      },
      include: ['*.ts'],
    }),
  );
  const compiler = path.join(root, 'node_modules/typescript7/bin/tsc');
  return spawnSync(process.execPath, [compiler, '-p', config, '--pretty', 'false'], { encoding: 'utf8' }).stdout;
}

describe('types', function () {
  this.timeout(60_000);
  let directory: string;
  before(() => {
    mkdirSync(path.join(root, 'out'), { recursive: true });
    directory = mkdtempSync(path.join(root, 'out', 'types-ipc-'));
  });
  after(() => rmSync(directory, { recursive: true }));

  const write = (change: (text: string) => string): void => {
    for (const name of readdirSync(source)) {
      const text = readFileSync(path.join(source, name), 'utf8').replaceAll("'../../../workers/", "'../../workers/");
      writeFileSync(path.join(directory, name), change(text));
    }
  };

  it('accept what is right and refuse what is wrong', () => {
    write((text) => text);
    assert.equal(compile(directory), '');
  });

  it('refuse each wrong line for itself', () => {
    let expected = 0;
    write((text) =>
      text.replaceAll(/\/\/ @ts-expect-error/g, () => {
        expected += 1;
        return '// expected';
      }),
    );
    const errors = compile(directory)
      .split('\n')
      .filter((line) => line.includes('error TS'));
    assert.ok(expected >= 25);
    assert.equal(errors.length, expected, errors.join('\n'));
  });
});
