import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Diagnostic } from 'vscode-languageserver/node';
import { systemClock, type Clock } from '../../../server/clock.ts';
import { diagnosticsOf, Publisher } from '../../../server/lsp/diagnostics.ts';
import type { Issue } from '../../../workers/protocol/detector-protocol.ts';

const diagnostic: Diagnostic = {
  message: 'm',
  range: { start: { line: 0, character: 0 }, end: { line: 0, character: 1 } },
};

/** An editor that takes a message only when the test lets it. */
class SlowEditor {
  readonly sent: string[] = [];
  #take: () => void = () => {};
  #open = false;

  send = async ({ uri }: { readonly uri: string }): Promise<void> => {
    this.sent.push(uri);
    if (!this.#open) await new Promise<void>((resolve) => (this.#take = resolve));
  };

  async take(count: number): Promise<void> {
    for (let index = 0; index < count; index += 1) {
      this.#take();
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  open(): void {
    this.#open = true;
    this.#take();
  }
}

const uris = (count: number): string[] => Array.from({ length: count }, (_, index) => `file:///f${index}`);

const withoutPauses: Clock = {
  ...systemClock,
  after: (_ms, callback) => {
    callback();
    return () => {};
  },
};

describe('publisher', () => {
  it('pauses in a storm, and does not when few files wait', async () => {
    let pauses = 0;
    let resume = (): void => {};
    const clock: Clock = {
      ...systemClock,
      after: (_ms, callback) => {
        pauses += 1;
        resume = callback;
        return () => {};
      },
    };
    let sent = 0;
    const all = Promise.withResolvers<void>();
    const publisher = new Publisher(
      { diagnosticsOf: () => [diagnostic] },
      () => {
        sent += 1;
        if (sent === 300) all.resolve();
        return Promise.resolve();
      },
      undefined,
      clock,
    );
    publisher.changed(uris(300));
    for (const expected of [50, 100, 150, 200]) {
      while (sent < expected) await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setImmediate(resolve));
      if (expected < 200) assert.equal(sent, expected);
      resume();
    }
    await all.promise;
    assert.equal(pauses, 3, 'the last hundred go at once');
  });

  it('sends a slow editor one message at a time, and pauses the analysis until half of the waiting files are sent', async () => {
    const editor = new SlowEditor();
    const publisher = new Publisher({ diagnosticsOf: () => [diagnostic] }, editor.send, undefined, withoutPauses);
    publisher.changed(uris(501));
    assert.equal(publisher.backpressure(), undefined, '500 wait, one is on its way');
    publisher.changed(['file:///more']);
    let rested = false;
    const room = publisher.backpressure();
    assert.ok(room);
    void room.then(() => (rested = true));
    assert.equal(publisher.backpressure(), room, 'one rest for all');
    await editor.take(250);
    assert.equal(rested, false);
    assert.equal(editor.sent.length, 251);
    await editor.take(1);
    assert.equal(rested, true);
    assert.equal(publisher.backpressure(), undefined);
  });

  it('sends a file that changed while it waited only once, with its latest diagnostics', async () => {
    const editor = new SlowEditor();
    let line = 0;
    const lines: number[] = [];
    const publisher = new Publisher(
      {
        diagnosticsOf: () => [{ ...diagnostic, range: { start: { line, character: 0 }, end: { line, character: 1 } } }],
      },
      (params) => {
        lines.push(params.diagnostics[0]?.range.start.line ?? -1);
        return editor.send(params);
      },
    );
    publisher.changed(['file:///first', 'file:///second']);
    for (line = 1; line <= 5; line += 1) publisher.changed(['file:///second']);
    editor.open();
    await editor.take(2);
    assert.deepEqual(editor.sent, ['file:///first', 'file:///second']);
    assert.deepEqual(lines, [0, 6]);
  });

  it('does not pause for files whose diagnostics are unknown at the moment', async () => {
    const publisher = new Publisher({ diagnosticsOf: () => undefined }, () => Promise.resolve());
    publisher.changed(uris(2_000));
    await publisher.backpressure();
    assert.equal(publisher.backpressure(), undefined);
  });
});

describe('diagnostics of a file', () => {
  const range = diagnostic.range;
  const issue = (severity: Issue['severity'], index: number): Issue => ({
    ...{ detector: 'eslint', rule: 'r', file: 'a.js', severity, message: String(index), range },
    ...{ fixable: false, fingerprint: String(index) },
  });

  it('are at most 1,000, errors first, and the last says how many are hidden', () => {
    const issues = Array.from({ length: 1500 }, (_, index) => issue(index % 3 === 0 ? 'error' : 'warning', index));
    const shown = diagnosticsOf(issues.map((one) => ({ root: '/w', issue: one })));
    assert.equal(shown.length, 1000);
    assert.equal(shown.filter(({ severity }) => severity === 1).length, 500);
    assert.match(JSON.stringify(shown.at(-1)?.message), /^"501 more issues/);
  });

  it('say which issue they are, whatever their source and code are', () => {
    const typescript = { ...issue('error', 0), detector: 'typescript', rule: 'TS2322' };
    const named = [issue('error', 1), typescript, { ...typescript, detector: 'circular' }].map((one) => {
      const [found] = diagnosticsOf([{ root: '/w', issue: one }], undefined, 'tool');
      return [found?.source, found?.code, (found?.data as { rule: string }).rule];
    });
    assert.deepEqual(named, [
      ['eslint', 'r', 'r'],
      ['ts', 2322, 'TS2322'],
      ['bulkhead(circular)', 'TS2322', 'TS2322'],
    ]);
  });
});
