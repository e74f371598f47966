import assert from 'node:assert/strict';
import { Memo, trackRead, nextTick, type TrackedSource } from '../../../workers/graph/memo.ts';

class Cell implements TrackedSource {
  changedAt = nextTick();
  #value: number;

  constructor(value: number) {
    this.#value = value;
  }

  get value(): number {
    trackRead(this);
    return this.#value;
  }

  set value(value: number) {
    this.#value = value;
    this.changedAt = nextTick();
  }
}

describe('a memoized value', () => {
  const key = {};

  it('is computed again only when one of its inputs has changed', () => {
    const [one, other, third] = [new Cell(1), new Cell(2), new Cell(3)];
    const kept = new Memo<object, number>();
    let made = 0;
    const sum = (): number => kept.of(key, () => (made++, one.value + (one.value > 5 ? third.value : other.value)));
    assert.deepEqual([sum(), sum(), made], [3, 3, 1]);
    third.value = 30;
    assert.deepEqual([sum(), made], [3, 1], 'nobody looked there');
    one.value = 10;
    assert.deepEqual([sum(), made], [40, 2]);
    other.value = 20;
    assert.deepEqual([sum(), made], [40, 2], 'nobody looks there any more');
  });

  it('depends on the inputs of memoized values that it uses, even if those were computed before', () => {
    const cell = new Cell(1);
    const inner = new Memo<object, number>();
    const outer = new Memo<object, number>();
    const doubled = (): number => inner.of(key, () => cell.value * 2);
    const shown = (): number => outer.of(key, doubled);
    assert.deepEqual([doubled(), shown()], [2, 2]);
    cell.value = 4;
    assert.equal(shown(), 8);
  });

  it('is computed again with another argument, and after a failure', () => {
    const cell = new Cell(1);
    const kept = new Memo<object, string>(new WeakMap());
    const of = (given: unknown): string => kept.of(key, () => `${String(given)} ${String(cell.value)}`, given);
    assert.deepEqual([of('a'), of('b'), of('b')], ['a 1', 'b 1', 'b 1']);
    const failing = (): string => {
      throw new Error(`at ${String(cell.value)}`);
    };
    assert.throws(() => kept.of(key, failing, 'c'), /at 1/);
    assert.equal(of('b'), 'b 1');
  });
});
