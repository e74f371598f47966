/**
 * The connection of a process to the leader of the analysis. Requests go to the leader, notifications in both directions.
 * Lives until either side closes it; open requests then end without an answer.
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
import { Vetting, vettedPlan } from '../pool/vetting.ts';
import * as messages from './messages.ts';

const CONNECT_MS = 5000;
/** While a request is open, the leader is pinged. */
const PING_EVERY_MS = 3000;
const PING_TIMEOUT_MS = 10_000;

export interface FollowerListener {
  /** The leader reports changed files. */
  changed(params: messages.ChangesParams): void;
  /** The user of the leader requested a new analysis of everything. */
  analyze(): void;
}

export class Follower {
  /** Resolves when either side has closed the connection. */
  readonly closed: Promise<void>;
  readonly #socket: net.Socket;
  readonly #connection: MessageConnection;
  readonly #answerListeners = new Map<number, (part: messages.AnswerParams) => void>();
  #accepted = false;
  #understood = false;
  #open = true;
  #openRequests = 0;
  #lastId = 0;
  #pingTimer: NodeJS.Timeout | undefined;

  private constructor(socket: net.Socket, listener: FollowerListener) {
    this.#socket = socket;
    this.#connection = createMessageConnection(new SocketMessageReader(socket), new SocketMessageWriter(socket));
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#open = false;
        clearInterval(this.#pingTimer);
        // This rejects open requests.
        this.#connection.dispose();
        resolve();
      });
    });
    this.#connection.onError(() => socket.destroy());
    this.#connection.onNotification(messages.answer, (part) => this.#answerListeners.get(part.id)?.(part));
    this.#connection.onNotification(messages.changes, (params) => listener.changed(params));
    this.#connection.onNotification(messages.analyze, () => listener.analyze());
    this.#connection.listen();
  }

  /** @returns undefined: no process answers at this address */
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
      const { accepted, understood } = await follower.#connection.sendRequest(messages.greet, greeting);
      follower.#accepted = accepted;
      follower.#understood = understood === true;
      return follower;
    } catch {
      socket.destroy();
      return undefined;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Whether the leader's results are valid for this process. If not, the connection only shows when the leader ends. */
  get usable(): boolean {
    return this.#accepted && this.#open;
  }

  /** Whether the leader can be asked about edits, even if its results are not valid for this process. */
  get understood(): boolean {
    return this.#understood && this.#open;
  }

  /** @throws when the connection ends */
  edited(params: messages.EditedParams): Promise<messages.EditedReply> {
    return this.#connection.sendRequest(messages.edited, params);
  }

  /** @returns undefined: this process has to make the plan itself */
  async plan({ detector, options }: PlanRequest, signal: AbortSignal): Promise<PlanResult | undefined> {
    const reply = await this.#request(signal, (token) =>
      this.#connection.sendRequest(messages.plan, { detector, options }, token),
    );
    const vetted = reply?.plan === undefined ? undefined : vettedPlan({ plan: reply.plan, version: '' });
    return typeof vetted === 'object' ? vetted.plan : undefined;
  }

  /** @returns the outcome; this process has to check `refused` units itself, even if there were events of them */
  async check(
    request: CheckRequest,
    signal: AbortSignal,
    onEvent: (event: CheckEvent) => void | Promise<void>,
  ): Promise<messages.CheckReply> {
    const { detector, options, units } = request;
    const id = ++this.#lastId;
    const vetting = new Vetting(request);
    const open = new Set(units.map((unit) => unit.id));
    this.#answerListeners.set(id, ({ unit, events, last }) => {
      if (signal.aborted) return;
      if (last) open.delete(unit);
      for (const event of events.flatMap((each) => vetting.events(each))) void onEvent(event);
    });
    const reply = await this.#request(signal, (token) =>
      this.#connection.sendRequest(messages.check, { id, detector, options, units }, token),
    );
    this.#answerListeners.delete(id);
    return reply ?? { refused: [...open], quarantined: [], problems: [] };
  }

  /** Asks the leader to compare with the disk. @returns whether all its later answers are valid for the disk as it is now */
  async confirm(signal: AbortSignal): Promise<boolean> {
    return (await this.#request(signal, (token) => this.#connection.sendRequest(messages.confirm, token))) ?? false;
  }

  sendChanges(params: messages.ChangesParams): void {
    this.#send(this.#connection.sendNotification(messages.changes, params));
  }

  sendAnalyze(): void {
    this.#send(this.#connection.sendNotification(messages.analyze, {}));
  }

  sendRelease(file: string): void {
    this.#send(this.#connection.sendNotification(messages.release, { file }));
  }

  close(): void {
    this.#socket.destroy();
  }

  /** @returns undefined: cancelled, or the connection is closed */
  async #request<Reply>(
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
    this.#openRequests += 1;
    this.#pingTimer ??= setInterval(() => void this.#ping(), PING_EVERY_MS);
    try {
      return await Promise.race([send(source.token), aborted]);
    } catch {
      return undefined;
    } finally {
      signal.removeEventListener('abort', cancel);
      this.#openRequests -= 1;
      if (this.#openRequests === 0) {
        clearInterval(this.#pingTimer);
        this.#pingTimer = undefined;
      }
    }
  }

  /** Closes the connection to a leader that hangs. */
  async #ping(): Promise<void> {
    const timer = setTimeout(() => this.#socket.destroy(), PING_TIMEOUT_MS);
    await this.#connection.sendRequest(messages.ping).catch(() => undefined);
    clearTimeout(timer);
  }

  #send(sent: Promise<void>): void {
    // Fails when the connection is closed. The next leader starts from the state of the disk.
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
