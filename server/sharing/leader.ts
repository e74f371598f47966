/**
 * Answers the requests of followers, from the results of this process's engine. Lives as long as this process leads.
 */
import net from 'node:net';
import {
  createMessageConnection,
  SocketMessageReader,
  SocketMessageWriter,
  type CancellationToken,
  type MessageConnection,
} from 'vscode-jsonrpc/node';
import type {
  CheckEvent,
  DetectorOptions,
  DetectorProblem,
  Issue,
  PlanResult,
  Unit,
} from '../../workers/protocol/detector-protocol.ts';
import type { Engine } from '../engine/engine.ts';
import type { QuarantinedInput } from '../pool/types.ts';
import * as messages from './messages.ts';
import type { ToldChange } from './seen-changes.ts';

/** About 100 KB, so that writing and parsing block neither event loop. */
const ISSUES_PER_MESSAGE = 500;
const EVENTS_PER_MESSAGE = 1000;
/** From a change of the engine's status until open requests are answered as far as possible. */
const RECHECK_MS = 20;
/** Between two partial answers for a running project. */
const PARTIAL_EVERY_MS = 200;

export interface LeaderHost {
  readonly engine: Engine;
  quarantined(): readonly QuarantinedInput[];
  /** A follower saw these changes. @returns the new ones, when the engine has been informed */
  changed(params: messages.ChangesParams): Promise<readonly ToldChange[]>;
  /** Compares with the disk until the engine's results are valid for it. @returns false: files kept changing */
  confirm(): Promise<boolean>;
  /** Compares with the disk once. Resolves when the engine knows what was not reported. */
  catchUp(): Promise<void>;
  /** What an edit made new or fixed. */
  edited(params: messages.EditedParams): Promise<messages.EditedReply>;
  /** The user of a follower requested a new analysis of everything. */
  analyze(): void;
  /** The user of a follower releases a file from quarantine. */
  release(file: string): void;
}

/** A connected process. */
interface Peer {
  readonly connection: MessageConnection;
  readonly socket: net.Socket;
  /** It is a follower: results are valid for it. */
  accepted: boolean;
  /** It may ask about edits. */
  understood: boolean;
  /** Resolves when the engine knows the changes that the peer reported. Its next request is answered only then. */
  changesApplied: Promise<unknown>;
  /**
   * Resolves when the engine knows what is on disk since the peer came: that has listed the folder, and reports only what
   * changes later. Undefined: it has not asked yet.
   */
  caughtUp: Promise<unknown> | undefined;
}

export class Leader {
  readonly #host: LeaderHost;
  readonly #greeting: messages.Greeting;
  readonly #server: net.Server;
  readonly #peers = new Set<Peer>();
  readonly #onStatus = (): void => {
    this.#turn += 1;
    this.#recheckSoon();
  };
  #waiting: (() => void)[] = [];
  /** Counts the reasons to try open requests again; one may occur while they are tried. */
  #turn = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(host: LeaderHost, greeting: messages.Greeting) {
    this.#host = host;
    this.#greeting = greeting;
    this.#server = net.createServer((socket) => this.#accept(socket));
    host.engine.on('status', this.#onStatus);
  }

  /** Number of processes that follow. */
  get followers(): number {
    return [...this.#peers].filter(({ accepted }) => accepted).length;
  }

  /** @throws the system's error when the address cannot be used */
  listen(address: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(address, () => {
        this.#server.off('error', reject);
        this.#server.on('error', () => {});
        resolve();
      });
    });
  }

  sendChanges(params: messages.ChangesParams, except?: MessageConnection): void {
    for (const { connection, accepted } of this.#peers) {
      if (accepted && connection !== except) {
        connection.sendNotification(messages.changes, params).catch(() => {});
      }
    }
  }

  sendAnalyze(except?: MessageConnection): void {
    for (const { connection, accepted } of this.#peers) {
      if (accepted && connection !== except) connection.sendNotification(messages.analyze, {}).catch(() => {});
    }
  }

  close(): void {
    this.#closed = true;
    this.#host.engine.off('status', this.#onStatus);
    this.#server.close();
    for (const { socket } of this.#peers) socket.destroy();
    this.#recheck();
  }

  #accept(socket: net.Socket): void {
    const connection = createMessageConnection(new SocketMessageReader(socket), new SocketMessageWriter(socket));
    const peer: Peer = {
      connection,
      socket,
      accepted: false,
      understood: false,
      changesApplied: Promise.resolve(),
      caughtUp: undefined,
    };
    this.#peers.add(peer);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => {
      this.#peers.delete(peer);
      connection.dispose();
      this.#recheck();
    });
    connection.onError(() => socket.destroy());
    connection.onRequest(messages.greet, (greeting) => {
      peer.accepted = messages.mayAnswer(this.#greeting, greeting);
      peer.understood = messages.understands(this.#greeting, greeting);
      return { accepted: peer.accepted, understood: peer.understood };
    });
    /** Nobody else is answered, or heard. */
    const admit = (isAllowed = peer.accepted): void => {
      if (isAllowed) return;
      socket.destroy();
      throw new Error('Not greeted, or of another version.');
    };
    connection.onRequest(messages.ping, () => (admit(), null));
    connection.onRequest(messages.plan, (params, token) => (admit(), this.#plan(peer, params, token)));
    connection.onRequest(messages.check, (params, token) => (admit(), this.#check(peer, params, token)));
    connection.onRequest(messages.confirm, async () => {
      admit();
      await peer.changesApplied;
      const confirmed = this.#host.confirm();
      peer.caughtUp ??= confirmed;
      return confirmed;
    });
    connection.onRequest(messages.edited, (params) => (admit(peer.understood), this.#host.edited(params)));
    connection.onNotification(messages.changes, (params) => {
      admit();
      peer.changesApplied = peer.changesApplied.then(async () => {
        const changes = await this.#host.changed(params);
        if (changes.length > 0) this.sendChanges({ ...params, changes }, connection);
      });
    });
    connection.onNotification(messages.analyze, () => {
      admit();
      this.#host.analyze();
      this.sendAnalyze(connection);
    });
    connection.onNotification(messages.release, ({ file }) => {
      admit();
      this.#host.release(file);
    });
    connection.listen();
  }

  async #plan(
    peer: Peer,
    { detector, options }: messages.PlanParams,
    token: CancellationToken,
  ): Promise<{ readonly plan?: PlanResult }> {
    await this.#hear(peer);
    const same = matching(options);
    while (this.#isOpen(peer, token)) {
      const turn = this.#turn;
      const answer = this.#host.engine.peerAnswers(detector, same)?.plan();
      if (answer === undefined || answer.state === 'refused') break;
      if (answer.state === 'ready') return { plan: answer.value };
      await this.#after(turn, token);
    }
    return {};
  }

  async #check(
    peer: Peer,
    { id, detector, options, units }: messages.CheckParams,
    token: CancellationToken,
  ): Promise<messages.CheckReply> {
    await this.#hear(peer);
    const same = matching(options);
    const open = new Map(units.map((unit) => [unit.id, new Reply(peer.connection, id, unit)]));
    const refused: string[] = [];
    const quarantined: QuarantinedInput[] = [];
    let problems: readonly DetectorProblem[] = [];
    while (this.#isOpen(peer, token)) {
      const turn = this.#turn;
      const answers = this.#host.engine.peerAnswers(detector, same);
      if (answers === undefined) break;
      for (const [unit, reply] of open) {
        const answer = answers.answerFor(reply.unit);
        if (answer.state === 'pending') {
          if (answer.soFar) await reply.soFar(answer.soFar);
          continue;
        }
        open.delete(unit);
        if (answer.state === 'refused') refused.push(unit);
        else if (answer.value.incomplete) {
          const input = this.#quarantineOf(detector, reply.unit);
          if (input) quarantined.push(input);
          else refused.push(unit);
        } else {
          problems = answer.value.problems;
          await reply.end(answer.value.files);
        }
      }
      if (open.size === 0) break;
      await this.#after(turn, token);
    }
    return { refused: [...refused, ...open.keys()], quarantined, problems };
  }

  /** Resolves when the engine knows what the peer does. */
  async #hear(peer: Peer): Promise<void> {
    await peer.changesApplied;
    await (peer.caughtUp ??= this.#host.catchUp());
  }

  #quarantineOf(detector: string, unit: Unit): QuarantinedInput | undefined {
    const { root } = this.#host.engine;
    return this.#host
      .quarantined()
      .find((input) => input.detector === detector && input.root === root && input.unit.id === unit.id);
  }

  #isOpen(peer: Peer, token: CancellationToken): boolean {
    return peer.accepted && this.#peers.has(peer) && !this.#closed && !token.isCancellationRequested;
  }

  /** Resolves when there has been a reason, after this turn, to try open requests again. */
  #after(turn: number, token: CancellationToken): Promise<void> {
    return new Promise((resolve) => {
      const listener = token.onCancellationRequested(() => this.#recheck());
      this.#waiting.push(() => {
        listener.dispose();
        resolve();
      });
      if (turn !== this.#turn) this.#recheckSoon();
    });
  }

  #recheckSoon(): void {
    if (this.#waiting.length > 0) this.#timer ??= setTimeout(() => this.#recheck(), RECHECK_MS);
  }

  #recheck(): void {
    this.#turn += 1;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const resume of this.#waiting.splice(0)) resume();
  }
}

/** The answer for one unit of a request, sent in parts. Each part has what is new; the peer sets the pace. */
class Reply {
  readonly unit: Unit;
  readonly #connection: MessageConnection;
  readonly #id: number;
  /** The issues last sent, by file. */
  readonly #sent = new Map<string, readonly Issue[]>();
  #sentAt = 0;

  constructor(connection: MessageConnection, id: number, unit: Unit) {
    this.#connection = connection;
    this.#id = id;
    this.unit = unit;
  }

  /** Sends what has been found so far, unless the last partial answer was a moment ago. */
  async soFar(files: ReadonlyMap<string, readonly Issue[]>): Promise<void> {
    if (performance.now() - this.#sentAt >= PARTIAL_EVERY_MS) await this.#send(files, false);
  }

  end(files: ReadonlyMap<string, readonly Issue[]>): Promise<void> {
    return this.#send(files, true);
  }

  async #send(files: ReadonlyMap<string, readonly Issue[]>, last: boolean): Promise<void> {
    const { id: unit } = this.unit;
    const id = this.#id;
    let events: CheckEvent[] = [];
    let issues = 0;
    const flush = async (isLast: boolean): Promise<void> => {
      await this.#connection.sendNotification(messages.answer, { id, unit, events, last: isLast });
      [events, issues] = [[], 0];
    };
    const gone = [...this.#sent.keys()].filter((file) => !files.has(file));
    for (const [file, all] of [...files, ...gone.map((file) => [file, []] as const)]) {
      if (this.#sent.get(file) === all) continue;
      events.push({ kind: 'begin', unit, file });
      for (let start = 0; start < all.length; start += ISSUES_PER_MESSAGE) {
        const some = all.slice(start, start + ISSUES_PER_MESSAGE);
        events.push({ kind: 'issues', unit, file, issues: some });
        issues += some.length;
        if (issues >= ISSUES_PER_MESSAGE) await flush(false);
      }
      events.push({ kind: 'done', unit, file });
      if (all.length > 0) this.#sent.set(file, all);
      else this.#sent.delete(file);
      if (events.length >= EVENTS_PER_MESSAGE) await flush(false);
    }
    if (last || events.length > 0) await flush(last);
    this.#sentAt = performance.now();
  }
}

function matching(options: DetectorOptions): (own: DetectorOptions) => boolean {
  const expected = messages.normalized(options);
  return (own) => messages.normalized(own) === expected;
}
