/**
 * Random sequences of edits, requests for fixes, and fixes that are applied, with the capabilities of each client: no
 * character changes that the fix did not name, and every file parses as before.
 *
 * `BULKHEAD_FIX_SEQUENCES=1000` runs so many in all, `BULKHEAD_FIX_SEED` others.
 */
import assert from 'node:assert/strict';
import { parseSync } from 'oxc-parser';
import type { ClientCapabilities, CodeAction, Position, Range, TextEdit } from 'vscode-languageserver-protocol/node';
import { detectorNames } from '../../../workers/detectors/manifests.ts';
import { Client } from '../../support/client.ts';
import { clients, utf8Clients } from '../../support/clients.ts';
import { pick, randomFrom, type Random } from '../../support/replay/random.ts';
import { allOf, appliedTo, editsOf } from '../../support/text-edits.ts';
import { makeWorkspace, type TestWorkspace } from '../../support/workspace.ts';

const sets = Object.entries({ ...clients, ...utf8Clients });
const total = Number(process.env['BULKHEAD_FIX_SEQUENCES'] ?? 24 * sets.length);
const seed = Number(process.env['BULKHEAD_FIX_SEED'] ?? 1);

const files = {
  'plain.js': 'let one = 1;\nvar two = 2;\nexport default one + two;\n',
  // Characters of several units, before what is fixed on the same line.
  'wide.js': "const s = '😀é漢'; let three = s; /* 😀 */ var four = three;\nexport default [three, four];\n",
  'marked.js': '\uFEFFlet five = 5;\nvar six = five;\nexport default six;\n',
  'windows.js': 'let seven = 7;\r\nvar eight = seven;\r\nexport default eight;\r\n',
  'imports.js': "import { a } from './m.js';\nimport { b } from './m.js';\nexport const sum = a + b;\n",
  'm.js': 'export const a = 1;\nexport const b = 2;\n',
};
const editable = Object.keys(files).filter((file) => file !== 'm.js');

describe('fixes in random sequences', function () {
  this.timeout(1_800_000);

  for (const [index, [name, capabilities]] of sets.entries()) {
    const sequences = Math.floor((total * (index + 1)) / sets.length) - Math.floor((total * index) / sets.length);

    it(`${name}: ${sequences} sequences change only what the fixes name (seed ${seed})`, async () => {
      await using workspace = await makeWorkspace({
        ...files,
        'package.json': '{ "name": "w", "private": true, "type": "module" }\n',
        'eslint.config.js': "export default [{ rules: { 'prefer-const': 'error', 'no-var': 'error' } }];\n",
      });
      await workspace.link({ eslint: 'eslint' });
      let applied = 0;
      const enough = sequences / 8;
      for (const run of ['onType', 'onSave'] as const) {
        await using typist = await Typist.open(workspace, capabilities, run, randomFrom(seed * 100 + index));
        const count = run === 'onType' ? Math.ceil(sequences / 2) : Math.floor(sequences / 2);
        const wanted = run === 'onType' ? enough / 2 : enough;
        // Whether a fix still fits depends on how fast both are: more sequences, until there were enough.
        for (let sequence = 0; sequence < count || (applied < wanted && sequence < 20 * count); sequence += 1) {
          const file = typist.pick(editable);
          try {
            applied += await typist.sequence(file, `${run}${sequence}`);
          } catch (error) {
            throw new Error(`Sequence ${sequence} (${run}, ${file}) of ${name}: ${typist.history.join('\n')}`, { cause: error }); // prettier-ignore
          }
        }
      }
      console.log(`      ${applied} fixes applied`);
      assert.ok(applied >= enough, `${applied} fixes were applied`);
    });
  }
});

interface Model {
  readonly file: string;
  text: string;
  version: number;
}

/** Types, asks for fixes and applies them at random. */
class Typist implements AsyncDisposable {
  readonly #client: Client;
  readonly #random: Random;
  readonly #incremental: boolean;
  /** Of each file, open or not. */
  readonly #models = new Map<string, Model>(
    Object.entries(files).map(([file, text]) => [file, { file, text, version: 0 }]),
  );
  /** Of this sequence. */
  readonly history: string[] = [];

  private constructor(client: Client, random: Random) {
    this.#client = client;
    this.#random = random;
    const sync = client.editor.initialized?.capabilities.textDocumentSync;
    this.#incremental = typeof sync === 'object' && sync.change === 2;
  }

  static async open(
    workspace: TestWorkspace,
    capabilities: ClientCapabilities,
    run: 'onSave' | 'onType',
    random: Random,
  ): Promise<Typist> {
    await workspace.write(files);
    await using unlessReady = new AsyncDisposableStack();
    const client = unlessReady.use(new Client(capabilities));
    const others = detectorNames.filter((name) => name !== 'eslint' && name !== 'import');
    const settings = { run, ...Object.fromEntries(others.map((name) => [name, { enable: false }])) };
    await client.open([workspace.root], { settings });
    await client.editor.settled();
    unlessReady.move();
    return new Typist(client, random);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#client[Symbol.asyncDispose]();
  }

  pick<Value>(all: readonly Value[]): Value {
    return pick(this.#random, all);
  }

  /** @returns how many fixes were applied */
  async sequence(file: string, label: string): Promise<number> {
    this.history.length = 0;
    const model = this.#models.get(file) ?? assert.fail();
    if (this.#client.textOf(file) === undefined) await this.#open(model);
    if (!parses(model.text) && this.#below(2) === 0)
      await this.#change(model, [allOf(model.text, this.#fresh(model))], 'utf-16');
    for (let edits = this.#below(3); edits >= 0; edits -= 1) await this.#edit(model, `${label}_${edits}`);
    if (this.#below(4) === 0) await this.#save(model);
    const { text, version } = model;
    const request = this.#actions(model);
    // The user types on while the server thinks.
    const typesOn = this.#below(4) === 0;
    if (typesOn) await this.#edit(model, `${label}_on`);
    const actions = await request;
    const action = actions.length === 0 ? undefined : this.pick(actions);
    let applied = 0;
    if (action !== undefined) {
      const chosen = await this.#client.resolved(action);
      // Without versions only the client knows that it has typed since: the answer crossed its message.
      if (this.#isForPresent(model, chosen, typesOn ? undefined : version)) {
        if (!typesOn) assert.equal(model.text, text);
        applied = await this.#apply(model, chosen);
      }
    }
    if (this.#below(6) === 0) await this.#close(model);
    return applied;
  }

  async #open(model: Model): Promise<void> {
    this.#say('open', model.text);
    model.version += 1;
    // Editors leave out the mark.
    model.text = model.text.replace(/^\uFEFF/, '');
    await this.#client.show(model.file, model.text, model.version);
  }

  async #save({ file }: Model): Promise<void> {
    this.#say('save');
    await this.#client.save(file);
  }

  /** The text on disk counts again. */
  async #close(model: Model): Promise<void> {
    this.#say('save and close');
    await this.#save(model);
    await this.#client.close(model.file);
  }

  async #edit(model: Model, label: string): Promise<void> {
    const lines = model.text.split(/\r\n|\n/);
    const end = model.text.includes('\r\n') ? '\r\n' : '\n';
    const all = [...lines.keys()];
    // A comment that suppresses has the rest of its line as its rules.
    const usual = all.filter((line) => !/eslint-disable|bulkhead-ignore/.test(lines[line] ?? ''));
    const line = this.pick(usual.length > 0 ? usual : all);
    const at = { line, character: 0 };
    const insert = (newText: string, position: Position = at): TextEdit => ({ range: { start: position, end: position }, newText }); // prettier-ignore
    const wide = '/* 😀漢é */ ';
    const edits: readonly (() => TextEdit)[] = [
      () => insert(`// 😀 above${end}`),
      () => insert(`let v${label} = ${line};${end}`),
      () => insert(`${wide}var w${label} = '😀'; let x${label} = w${label};${end}`),
      () => insert(wide),
      () => insert(' // at the end', { line, character: lines[line]?.length ?? 0 }),
      () => ({ range: { start: at, end: { line: line + 1, character: 0 } }, newText: '' }),
      // For a moment the file does not parse.
      () => insert('let let (;', { line, character: lines[line]?.length ?? 0 }),
      // All of it anew, as formatters and agents do.
      () => allOf(model.text, this.#fresh(model)), // prettier-ignore
    ];
    const isDeletable = line < lines.length - 1;
    const make = this.pick(edits.filter((_, index) => isDeletable || index !== 5));
    await this.#change(model, [make()], 'utf-16');
  }

  #fresh({ file }: Model): string {
    return (files as Readonly<Record<string, string>>)[file]?.replace(/^\uFEFF/, '') ?? '';
  }

  /** @param encoding of the positions in the edits */
  async #change(model: Model, edits: readonly TextEdit[], encoding: string): Promise<void> {
    const before = model.text;
    model.text = appliedTo(before, edits, encoding);
    model.version += 1;
    const [edit, ...more] = edits;
    const asRange = this.#incremental && edit !== undefined && more.length === 0 && this.#below(2) === 0;
    this.#say('change', edits);
    await this.#client.type(model.file, model.text, [
      asRange ? { range: clamped(edit.range, before), text: edit.newText } : { text: model.text },
    ]);
  }

  async #actions({ file }: Model): Promise<readonly CodeAction[]> {
    if (this.#client.pulls) await this.#client.pullDocument(file);
    const all = this.#client.diagnosticsOf(file);
    // Some clients do not return the data of a diagnostic.
    const returnsData = this.#below(2) === 0;
    const fixAll = this.#below(3) === 0;
    const diagnostics = fixAll
      ? []
      : all.slice(0, 3).map(({ data, ...rest }) => (returnsData ? { ...rest, data: data as unknown } : rest));
    this.#say('actions', fixAll ? 'fix all' : diagnostics.map(({ code, range }) => [code, range]));
    const actions = await this.#client.actions(file, diagnostics, {
      ...(fixAll ? { only: ['source.fixAll'] } : {}),
      ...(this.#below(2) === 0 ? { triggerKind: this.#below(2) === 0 ? 1 : 2 } : {}),
    });
    return actions.filter(({ command }) => command === undefined);
  }

  /** @param askedAt version for which the action was requested; undefined: it changed since */
  #isForPresent(model: Model, { edit }: CodeAction, askedAt: number | undefined): boolean {
    if (edit === undefined) return false;
    const uri = this.#client.uri(model.file);
    const versions = (edit.documentChanges ?? []).flatMap((change) => 'textDocument' in change && change.textDocument.uri === uri ? [change.textDocument.version] : []); // prettier-ignore
    if (versions.length > 0) {
      if (askedAt !== undefined) assert.deepEqual(new Set(versions), new Set([askedAt]), 'the version is that of the text'); // prettier-ignore
      return versions.every((version) => version === model.version);
    }
    return askedAt === model.version;
  }

  async #apply(model: Model, action: CodeAction): Promise<number> {
    const edits = editsOf(action, this.#client.uri(model.file));
    this.#say('apply', { title: action.title, edits });
    if (edits.length === 0) return 0;
    const before = model.text;
    await this.#change(model, edits, this.#client.encoding);
    assert.notEqual(model.text, before, action.title);
    assert.equal(meaningOf(model.text), meaningOf(before), action.title);
    assert.equal(parses(model.text), parses(before), `${action.title}\n${model.text}`);
    return 1;
  }

  #say(what: string, more: unknown = ''): void {
    this.history.push(`${what} ${JSON.stringify(more)}`);
  }

  #below(limit: number): number {
    return this.#random(limit);
  }
}

/**
 * What no fix of these files changes: everything but the kind of declarations, comments that suppress or stand after one,
 * merged imports, and space.
 */
function meaningOf(text: string): string {
  return text
    .replaceAll(/\b(?:const|var)\b/g, 'let')
    .replaceAll(
      /(?:\/\/|\/\*)\s*(?:eslint-disable|bulkhead-ignore)[^\r\n]*?(?:\*\/|(?=\s*(?:\/\/ at|\/\*|let let)|$))/gm,
      '',
    )
    .replaceAll(/import \{ (?:a, b|a|b) \} from '\.\/m\.js';/g, '')
    .replaceAll(/\s+/g, '');
}

function parses(text: string): boolean {
  return parseSync('file.js', text, { sourceType: 'module' }).errors.length === 0;
}

/** Within the text, as clients send ranges. */
function clamped({ start, end }: Range, text: string): Range {
  const lines = text.split(/\r\n|\n/);
  const last = { line: lines.length - 1, character: lines.at(-1)?.length ?? 0 };
  return { start: start.line >= lines.length ? last : start, end: end.line >= lines.length ? last : end };
}
