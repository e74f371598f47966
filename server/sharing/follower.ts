/**
 * The line of one process to the one that leads the analysis of its folder: questions, answers, and news both ways.
 * Lives until either end closes it; then every question that is open is given back unanswered.
 */
import net from 'node:net';
import {
  CancellationTokenSource,
  createMessageConnection,
  SocketMessageReader,
  SocketMessageWriter,
  type MessageConnection,
} from 'vscode-jsonrpc/node';
import type { CheckEvent, CheckRequest, PlanRequest, PlanResult } from '../../workers/protocol/detector-protocol.ts';
import type { FileChange } from '../engine/change-triggers.ts';
import * as messages from './messages.ts';

const CONNECT_MS = 5000;
/** While something is asked for, the leader is asked for a sign of life so often; it gets so long to give it. */
const PING_EVERY_MS = 3000;
const PING_PATIENCE_MS = 10_000;

export interface FollowerListener {
  /** The leader has learnt of changes. */
  changed(changes: readonly FileChange[]): void;
  /** Its user wants everything analysed again. */
  analyze(): void;
}

export class Follower {
  /** Resolves when the line is closed, by whichever side. */
  readonly closed: Promise<void>;
  readonly #socket: net.Socket;
  readonly #connection: MessageConnection;
  readonly #takers = new Map<number, (part: messages.AnswerParams) => void>();
  #accepted = false;
  #open = true;
  #asked = 0;
  #lastId = 0;
  #pulse: NodeJS.Timeout | undefined;

  private constructor(socket: net.Socket, listener: FollowerListener) {
    this.#socket = socket;
    this.#connection = createMessageConnection(new SocketMessageReader(socket), new SocketMessageWriter(socket));
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#open = false;
        clearInterval(this.#pulse);
        // Rejects what is open.
        this.#connection.dispose();
        resolve();
      });
    });
    this.#connection.onError(() => socket.destroy());
    this.#connection.onNotification(messages.answer, (part) => this.#takers.get(part.id)?.(part));
    this.#connection.onNotification(messages.changes, ({ changes }) => listener.changed(changes));
    this.#connection.onNotification(messages.analyze, () => listener.analyze());
    this.#connection.listen();
  }

  /** @returns undefined: nobody answers there */
  static async connect(
    address: string,
    greeting: messages.Greeting,
    listener: FollowerListener,
  ): Promise<Follower | undefined> {
    const socket = await connected(address);
    if (socket === undefined) return undefined;
    const follower = new Follower(socket, listener);
    const timer = setTimeout(() => socket.destroy(), CONNECT_MS);
    try {
      const { accepted } = await follower.#connection.sendRequest(messages.greet, greeting);
      follower.#accepted = accepted;
      return follower;
    } catch {
      socket.destroy();
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Whether the leader's results are ours. The line of one that is not tells when it ends. */
  get usable(): boolean {
    return this.#accepted && this.#open;
  }

  /** @returns undefined: to be made by ourselves */
  async plan({ detector, options }: PlanRequest, signal: AbortSignal): Promise<PlanResult | undefined> {
    const reply = await this.#ask(signal, (token) =>
      this.#connection.sendRequest(messages.plan, { detector, options }, token),
    );
    return reply?.plan;
  }

  /** @returns the units in `refused` are to be analysed by ourselves, whatever events there were of them */
  async check(
    { detector, options, units }: CheckRequest,
    signal: AbortSignal,
    onEvent: (event: CheckEvent) => void | Promise<void>,
  ): Promise<messages.CheckReply> {
    const id = ++this.#lastId;
    const open = new Set(units.map((unit) => unit.id));
    this.#takers.set(id, ({ unit, events, last }) => {
      if (signal.aborted) return;
      if (last) open.delete(unit);
      for (const event of events) void onEvent(event);
    });
    const reply = await this.#ask(signal, (token) =>
      this.#connection.sendRequest(messages.check, { id, detector, options, units }, token),
    );
    this.#takers.delete(id);
    return reply ?? { refused: [...open], quarantined: [], problems: [] };
  }

  /** Whether all that is told from now on is of the disk as it is now. */
  async confirm(signal: AbortSignal): Promise<boolean> {
    return (await this.#ask(signal, (token) => this.#connection.sendRequest(messages.confirm, token))) ?? false;
  }

  tellChanges(changes: readonly FileChange[]): void {
    this.#tell(this.#connection.sendNotification(messages.changes, { changes }));
  }

  tellAnalyze(): void {
    this.#tell(this.#connection.sendNotification(messages.analyze, {}));
  }

  tellRelease(file: string): void {
    this.#tell(this.#connection.sendNotification(messages.release, { file }));
  }

  close(): void {
    this.#socket.destroy();
  }

  /** @returns undefined: cancelled, or the line is closed */
  async #ask<Reply>(
    signal: AbortSignal,
    send: (token: CancellationTokenSource['token']) => Promise<Reply>,
  ): Promise<Reply | undefined> {
    if (!this.usable || signal.aborted) return undefined;
    const source = new CancellationTokenSource();
    const { promise: aborted, resolve } = Promise.withResolvers<undefined>();
    const cancel = (): void => {
      source.cancel();
      resolve(undefined);
    };
    signal.addEventListener('abort', cancel, { once: true });
    this.#asked += 1;
    this.#pulse ??= setInterval(() => void this.#feelPulse(), PING_EVERY_MS);
    try {
      return await Promise.race([send(source.token), aborted]);
    } catch {
      return undefined;
    } finally {
      signal.removeEventListener('abort', cancel);
      this.#asked -= 1;
      if (this.#asked === 0) {
        clearInterval(this.#pulse);
        this.#pulse = undefined;
      }
    }
  }

  /** A leader that hangs is as good as none. */
  async #feelPulse(): Promise<void> {
    const timer = setTimeout(() => this.#socket.destroy(), PING_PATIENCE_MS);
    await this.#connection.sendRequest(messages.ping).catch(() => undefined);
    clearTimeout(timer);
  }

  #tell(sent: Promise<void>): void {
    // The line is closed: whoever leads next begins with the disk as it is then.
    sent.catch(() => {});
  }
}

function connected(address: string): Promise<net.Socket | undefined> {
  return new Promise((resolve) => {
    const socket = net.connect(address);
    const timer = setTimeout(() => socket.destroy(), CONNECT_MS);
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve(socket);
    });
    socket.on('error', () => socket.destroy());
    socket.once('close', () => {
      clearTimeout(timer);
      resolve(undefined);
    });
  });
}
