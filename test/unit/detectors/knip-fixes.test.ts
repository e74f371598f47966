/** What can be done about issues of knip. */
import assert from 'node:assert/strict';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { fixesOf } from '../../../workers/detectors/knip/fixes.ts';

/** @param name is looked for in the text, where `^` may mark its place */
function fixed(type: string, file: string, marked: string, name: string): Readonly<Record<string, string>> {
  const mark = marked.indexOf('^');
  const text = marked.replace('^', '');
  const fixes = fixesOf({ type, file, name }, text, mark < 0 ? text.indexOf(name) : mark);
  const document = TextDocument.create('', '', 0, text);
  return Object.fromEntries(fixes.map(({ title, edits }) => [title, TextDocument.applyEdits(document, [...edits])]));
}

const keyword = 'Remove the export keyword';
const tag = 'Mark it as public (@public), so that knip accepts it';

describe('fixes for knip', () => {
  it('remove an export, or mark it as public', () => {
    assert.deepEqual(fixed('exports', 'a.ts', 'export const ^a = 1;\n', 'a'), { [keyword]: 'const a = 1;\n', [tag]: '/** @public */\nexport const a = 1;\n' });
    assert.deepEqual(fixed('types', 'a.ts', 'namespace N {}\nexport interface ^A {}\n', 'A')[keyword], 'namespace N {}\ninterface A {}\n');
    assert.equal(fixed('exports', 'a.ts', 'export async function ^f() {}\n', 'f')[keyword], 'async function f() {}\n');
    assert.equal(fixed('exports', 'a.ts', 'export default function ^f() {}\n', 'f')[keyword], 'function f() {}\n');
    assert.equal(fixed('exports', 'a.ts', 'const a = 1;\nexport default ^a;\nfoo();\n', 'default')['Remove the default export'], 'const a = 1;\nfoo();\n');
    assert.equal(fixed('exports', 'a.vue', '<script>\nexport const ^a = 1;\n</script>\n', 'a')[keyword], '<script>\nconst a = 1;\n</script>\n');
  });

  it('remove a name from a list', () => {
    const removal = "Remove 'b' from the exports";
    assert.deepEqual(fixed('exports', 'a.ts', 'export { a, ^b, c };\n', 'b'), { [removal]: 'export { a, c };\n' });
    assert.deepEqual(fixed('exports', 'a.ts', 'export { a, ^b };\n', 'b'), { [removal]: 'export { a };\n' });
    assert.equal(fixed('exports', 'a.ts', 'foo();\nexport { ^b };\nbar();\n', 'b')[removal], 'foo();\nbar();\n');
  });

  it('keep what else a statement exports, and what they do not understand', () => {
    assert.deepEqual(fixed('exports', 'a.ts', 'export const ^a = 1, b = 2;\n', 'a')[keyword], undefined);
    assert.deepEqual(fixed('exports', 'a.ts', 'export default ^{ a: 1 };\n', 'default')[keyword], undefined);
    assert.deepEqual(fixed('exports', 'a.ts', 'module.exports.^a = 1;\n', 'a'), {});
    assert.deepEqual(fixed('exports', 'a.ts', 'export const ^a = ;;) broken\n', 'a'), {});
    assert.deepEqual(fixed('cycles', 'a.ts', 'export const ^a = 1;\n', 'a'), {});
  });

  it('add the tag to a comment that is there', () => {
    assert.equal(fixed('exports', 'a.ts', '/** Is a. */\nexport const ^a = 1;\n', 'a')[tag], '/** Is a. @public */\nexport const a = 1;\n');
    assert.equal(fixed('exports', 'a.ts', '/**\n * Is a.\n */\nexport const ^a = 1;\n', 'a')[tag], '/**\n * Is a.\n * @public\n */\nexport const a = 1;\n');
  });

  it('remove members and dependencies', () => {
    assert.equal(fixed('enumMembers', 'a.ts', 'export enum E {\n  A = 1,\n  ^B,\n}\n', 'B')["Remove 'B'"], 'export enum E {\n  A = 1,\n}\n');
    assert.equal(fixed('classMembers', 'a.ts', 'export class C {\n  ^m() {}\n  n() {}\n}\n', 'm')["Remove 'm'"], 'export class C {\n  n() {}\n}\n');
    const manifest = (names: object): string => JSON.stringify({ name: 'p', dependencies: names }, undefined, 2);
    assert.equal(fixed('dependencies', 'package.json', manifest({ a: '1', b: '2', c: '3' }), 'b')["Remove 'b'"], manifest({ a: '1', c: '3' }));
    assert.deepEqual(fixed('devDependencies', 'package.json', manifest({ a: '1' }), 'a'), {});
  });
}); // prettier-ignore
