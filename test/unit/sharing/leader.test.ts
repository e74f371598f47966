import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Engine } from '../../../server/engine/engine.ts';
import type { PeerAnswer, PeerAnswers, UnitAnswer } from '../../../server/engine/peer-answers.ts';
import { Follower } from '../../../server/sharing/follower.ts';
import { Leader } from '../../../server/sharing/leader.ts';
import { greetingOf } from '../../../server/sharing/messages.ts';
import type { CheckEvent } from '../../../workers/protocol/detector-protocol.ts';
import { issue, projectUnit } from '../engine/support.ts';
import { patienceMs } from '../../support/patience.ts';

describe('sharing: leader', () => {
  const greeting = greetingOf();

  it('notices that a check ends while it sends a partial answer', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'bulkhead-leader-'));
    const address = process.platform === 'win32' ? `\\\\.\\pipe\\${path.basename(folder)}` : path.join(folder, 's');
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
    const leader = new Leader(
      {
        engine: engine as unknown as Engine,
        quarantined: () => [],
        changed: () => Promise.resolve([]),
        confirm: () => Promise.resolve(true),
        analyze: () => {},
        release: () => {},
      },
      greeting,
    );
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
      await rm(folder, { recursive: true, force: true });
    }
  });
});
