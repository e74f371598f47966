import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { createMessageConnection, SocketMessageReader, SocketMessageWriter } from 'vscode-jsonrpc/node';
import type { Engine } from '../../../server/engine/engine.ts';
import type { PeerAnswer, PeerAnswers, UnitAnswer } from '../../../server/engine/peer-answers.ts';
import { Follower } from '../../../server/sharing/follower.ts';
import { Leader, type LeaderHost } from '../../../server/sharing/leader.ts';
import { greetingOf } from '../../../server/sharing/messages.ts';
import type { CheckEvent } from '../../../workers/protocol/detector-protocol.ts';
import { issue, projectUnit } from '../engine/support.ts';
import { patienceMs } from '../../support/patience.ts';

/** What a test does not ask for. */
const unasked: Omit<LeaderHost, 'engine'> = {
  quarantined: () => [],
  changed: () => Promise.resolve([]),
  confirm: () => Promise.resolve(true),
  catchUp: () => Promise.resolve(),
  edited: () => Promise.reject(new Error('nobody asks')),
  analyze: () => {},
  release: () => {},
};

/** A folder of the test's own, and where a leader listens. */
async function makePlace(): Promise<{ folder: string; address: string } & AsyncDisposable> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'bulkhead-leader-'));
  const address = process.platform === 'win32' ? `\\\\.\\pipe\\${path.basename(folder)}` : path.join(folder, 's');
  return { folder, address, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

describe('sharing: leader', () => {
  const greeting = greetingOf();

  it('notices that a check ends while it sends a partial answer', async () => {
    await using place = await makePlace();
    const { folder, address } = place;
    type Answers = Pick<PeerAnswers, 'plan' | 'answerFor'>;
    const engine = Object.assign(new EventEmitter(), { root: folder, peerAnswers: (): Answers => answers });
    const found = new Map([['a.ts', [issue('typescript', 'a.ts', 1)]]]);
    let answer: PeerAnswer<UnitAnswer> = { state: 'pending', soFar: found };
    const answers: Answers = {
      plan: () => ({ state: 'refused' }),
      answerFor: () => {
        const now = answer;
        // The last thing that happens, and it happens before anybody waits for it.
        queueMicrotask(() => {
          answer = { state: 'ready', value: { incomplete: false, files: found, problems: [] } };
          if (now.state === 'pending') engine.emit('status');
        });
        return now;
      },
    };
    const leader = new Leader({ ...unasked, engine: engine as unknown as Engine }, greeting);
    try {
      await leader.listen(address);
      const follower = await Follower.connect(address, greeting, { changed: () => {}, analyze: () => {} });
      assert.ok(follower?.usable);
      const events: CheckEvent[] = [];
      const request = {
        detector: 'typescript',
        root: folder,
        options: {},
        revision: 1,
        units: [projectUnit('tsconfig.json')],
        overlays: [],
        first: [],
      };
      const reply = await follower.check(request, AbortSignal.timeout(patienceMs), (event) => void events.push(event));
      assert.deepEqual(reply.refused, []);
      assert.deepEqual(events.map(({ kind }) => kind), ['begin', 'issues', 'done']); // prettier-ignore
      follower.close();
    } finally {
      leader.close();
    }
  });

  it('compares with the disk before its first answer to a process that has listed the folder, and only then', async () => {
    await using place = await makePlace();
    const { folder, address } = place;
    const steps: string[] = [];
    const answers: Pick<PeerAnswers, 'plan' | 'answerFor'> = {
      plan: () => (steps.push('plan'), { state: 'refused' }),
      answerFor: () => ({ state: 'refused' }),
    };
    const engine = Object.assign(new EventEmitter(), { root: folder, peerAnswers: () => answers });
    const leader = new Leader(
      {
        ...unasked,
        engine: engine as unknown as Engine,
        confirm: () => (steps.push('confirm'), Promise.resolve(true)),
        catchUp: async () => {
          await new Promise((resolve) => setTimeout(resolve, 20));
          steps.push('compared');
        },
      },
      greeting,
    );
    try {
      await leader.listen(address);
      const listener = { changed: () => {}, analyze: () => {} };
      const signal = AbortSignal.timeout(patienceMs);
      const request = { detector: 'typescript', root: folder, options: {} };
      for (const [isVisitor, expected] of [
        [false, ['compared', 'plan', 'plan']],
        [true, ['confirm', 'plan', 'plan']],
      ] as const) {
        const follower = await Follower.connect(address, greeting, listener);
        assert.ok(follower?.usable);
        if (isVisitor) assert.equal(await follower.confirm(signal), true);
        for (let round = 0; round < 2; round += 1) await follower.plan(request, signal);
        assert.deepEqual(steps.splice(0), expected);
        follower.close();
      }
    } finally {
      leader.close();
    }
  });

  it('answers nobody, and hears nobody, who has not been greeted or is of another version', async () => {
    await using place = await makePlace();
    const { folder, address } = place;
    const asked: string[] = [];
    const engine = Object.assign(new EventEmitter(), { root: folder, peerAnswers: () => void asked.push('answers') });
    const leader = new Leader(
      {
        engine: engine as unknown as Engine,
        quarantined: () => [],
        changed: () => (asked.push('changed'), Promise.resolve([])),
        confirm: () => (asked.push('confirm'), Promise.resolve(true)),
        catchUp: () => (asked.push('catchUp'), Promise.resolve()),
        edited: () => (asked.push('edited'), Promise.reject(new Error('asked'))),
        analyze: () => void asked.push('analyze'),
        release: () => void asked.push('release'),
      },
      greeting,
    );
    const options = { detector: 'typescript', options: {} };
    const requests: readonly (readonly [string, unknown])[] = [
      ['ping', undefined],
      ['plan', options],
      ['check', { ...options, id: 1, units: [projectUnit('tsconfig.json')] }],
      ['confirm', undefined],
      ['edited', { files: ['a.ts'], session: '', askedAt: 0, waitMs: 0 }],
    ];
    const notifications: readonly (readonly [string, unknown])[] = [
      ['changes', { changes: [{ file: 'a.ts', kind: 'changed' }] }],
      ['analyze', {}],
      ['release', { file: 'a.ts' }],
    ];
    try {
      await leader.listen(address);
      for (const greet of [undefined, { ...greeting, bulkhead: 'another' }]) {
        for (const [method, params] of [...requests, ...notifications]) {
          const socket = net.connect(address);
          const connection = createMessageConnection(new SocketMessageReader(socket), new SocketMessageWriter(socket));
          const closed = once(socket, 'close');
          socket.on('error', () => {});
          socket.once('close', () => connection.dispose());
          connection.listen();
          if (greet) assert.deepEqual(await connection.sendRequest('greet', greet), { accepted: false, understood: false }); // prettier-ignore
          const isRequest = requests.some(([name]) => name === method);
          if (isRequest) await assert.rejects(connection.sendRequest(method, params), method);
          else await connection.sendNotification(method, params);
          await closed;
        }
      }
      assert.deepEqual(asked, []);
    } finally {
      leader.close();
    }
  });
});
