/**
 * Answers the requests of processes that follow this one in the analysis of a folder, from what its engine knows. Lives
 * as long as this process leads.
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
import type { FileChange } from '../engine/change-triggers.ts';
import type { QuarantinedInput } from '../pool/types.ts';
import * as messages from './messages.ts';

/** About 100 KB, so that writing and parsing block neither event loop. */
const ISSUES_PER_MESSAGE = 500;
const EVENTS_PER_MESSAGE = 1000;
/** From a change of the engine's status until open requests are looked at again. */
const LOOK_AGAIN_MS = 20;
/** Between two partial answers about a project that is being analysed. */
const SO_FAR_EVERY_MS = 200;

export interface LeaderHost {
  readonly engine: Engine;
  quarantined(): readonly QuarantinedInput[];
  /** A follower saw these changes. @returns those that were new, once the engine knows them */
  changed(changes: readonly FileChange[]): Promise<readonly FileChange[]>;
  /** Compares with the disk until the engine's answers are those of the disk. @returns false: files kept changing */
  confirm(): Promise<boolean>;
  /** The user of a follower wants everything analysed again. */
  analyze(): void;
  /** The user of a follower releases a file from quarantine. */
  release(file: string): void;
}

interface Guest {
  readonly connection: MessageConnection;
  readonly socket: net.Socket;
  accepted: boolean;
  /** Changes that the guest reported before a request must be known before that is answered. */
  heard: Promise<unknown>;
}

export class Leader {
  readonly #host: LeaderHost;
  readonly #greeting: messages.Greeting;
  readonly #server: net.Server;
  readonly #guests = new Set<Guest>();
  readonly #onStatus = (): void => {
    this.#turn += 1;
    this.#lookAgainSoon();
  };
  #waiting: (() => void)[] = [];
  /** Counts the reasons to look at open requests again; one may come up while they are looked at. */
  #turn = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(host: LeaderHost, greeting: messages.Greeting) {
    this.#host = host;
    this.#greeting = greeting;
    this.#server = net.createServer((socket) => this.#welcome(socket));
    host.engine.on('status', this.#onStatus);
  }

  /** Processes that follow. */
  get followers(): number {
    return [...this.#guests].filter(({ accepted }) => accepted).length;
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

  tellChanges(changes: readonly FileChange[], except?: MessageConnection): void {
    for (const { connection, accepted } of this.#guests) {
      if (accepted && connection !== except) {
        connection.sendNotification(messages.changes, { changes }).catch(() => {});
      }
    }
  }

  tellAnalyze(except?: MessageConnection): void {
    for (const { connection, accepted } of this.#guests) {
      if (accepted && connection !== except) connection.sendNotification(messages.analyze, {}).catch(() => {});
    }
  }

  close(): void {
    this.#closed = true;
    this.#host.engine.off('status', this.#onStatus);
    this.#server.close();
    for (const { socket } of this.#guests) socket.destroy();
    this.#lookAgain();
  }

  #welcome(socket: net.Socket): void {
    const connection = createMessageConnection(new SocketMessageReader(socket), new SocketMessageWriter(socket));
    const guest: Guest = { connection, socket, accepted: false, heard: Promise.resolve() };
    this.#guests.add(guest);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => {
      this.#guests.delete(guest);
      connection.dispose();
      this.#lookAgain();
    });
    connection.onError(() => socket.destroy());
    connection.onRequest(messages.greet, (greeting) => {
      guest.accepted = JSON.stringify(greeting) === JSON.stringify(this.#greeting);
      return { accepted: guest.accepted };
    });
    connection.onRequest(messages.ping, () => null);
    connection.onRequest(messages.plan, (params, token) => this.#plan(guest, params, token));
    connection.onRequest(messages.check, (params, token) => this.#check(guest, params, token));
    connection.onRequest(messages.confirm, async () => {
      await guest.heard;
      return this.#host.confirm();
    });
    connection.onNotification(messages.changes, ({ changes }) => {
      guest.heard = guest.heard.then(async () => {
        const news = await this.#host.changed(changes);
        if (news.length > 0) this.tellChanges(news, connection);
      });
    });
    connection.onNotification(messages.analyze, () => {
      this.#host.analyze();
      this.tellAnalyze(connection);
    });
    connection.onNotification(messages.release, ({ file }) => this.#host.release(file));
    connection.listen();
  }

  async #plan(
    guest: Guest,
    { detector, options }: messages.PlanParams,
    token: CancellationToken,
  ): Promise<{ readonly plan?: PlanResult }> {
    await guest.heard;
    const same = sameAs(options);
    while (this.#isWanted(guest, token)) {
      const turn = this.#turn;
      const told = this.#host.engine.teller(detector, same)?.tellPlan();
      if (told === undefined || told.state === 'refused') break;
      if (told.state === 'ready') return { plan: told.value };
      await this.#after(turn, token);
    }
    return {};
  }

  async #check(
    guest: Guest,
    { id, detector, options, units }: messages.CheckParams,
    token: CancellationToken,
  ): Promise<messages.CheckReply> {
    await guest.heard;
    const same = sameAs(options);
    const open = new Map(units.map((unit) => [unit.id, new Reply(guest.connection, id, unit)]));
    const refused: string[] = [];
    const quarantined: QuarantinedInput[] = [];
    let problems: readonly DetectorProblem[] = [];
    while (this.#isWanted(guest, token)) {
      const turn = this.#turn;
      const teller = this.#host.engine.teller(detector, same);
      if (teller === undefined) break;
      for (const [unit, reply] of open) {
        const told = teller.tellAnswer(reply.unit);
        if (told.state === 'pending') {
          if (told.soFar) await reply.soFar(told.soFar);
          continue;
        }
        open.delete(unit);
        if (told.state === 'refused') refused.push(unit);
        else if (told.value.unanswered) {
          const input = this.#quarantineOf(detector, reply.unit);
          if (input) quarantined.push(input);
          else refused.push(unit);
        } else {
          problems = told.value.problems;
          await reply.end(told.value.files);
        }
      }
      if (open.size === 0) break;
      await this.#after(turn, token);
    }
    return { refused: [...refused, ...open.keys()], quarantined, problems };
  }

  #quarantineOf(detector: string, unit: Unit): QuarantinedInput | undefined {
    const { root } = this.#host.engine;
    return this.#host
      .quarantined()
      .find((input) => input.detector === detector && input.root === root && input.unit.id === unit.id);
  }

  #isWanted(guest: Guest, token: CancellationToken): boolean {
    return guest.accepted && this.#guests.has(guest) && !this.#closed && !token.isCancellationRequested;
  }

  /** Resolves when there is reason to look again at what was looked at in this turn. */
  #after(turn: number, token: CancellationToken): Promise<void> {
    return new Promise((resolve) => {
      const listener = token.onCancellationRequested(() => this.#lookAgain());
      this.#waiting.push(() => {
        listener.dispose();
        resolve();
      });
      if (turn !== this.#turn) this.#lookAgainSoon();
    });
  }

  #lookAgainSoon(): void {
    if (this.#waiting.length > 0) this.#timer ??= setTimeout(() => this.#lookAgain(), LOOK_AGAIN_MS);
  }

  #lookAgain(): void {
    this.#turn += 1;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const resume of this.#waiting.splice(0)) resume();
  }
}

/** The answer about one unit of one request, in parts: each has what is new, at the pace of the guest. */
class Reply {
  readonly unit: Unit;
  readonly #connection: MessageConnection;
  readonly #id: number;
  /** By file, as last sent. */
  readonly #sent = new Map<string, readonly Issue[]>();
  #sentAt = 0;

  constructor(connection: MessageConnection, id: number, unit: Unit) {
    this.#connection = connection;
    this.#id = id;
    this.unit = unit;
  }

  /** Sends what has been found of a project so far, now and then. */
  async soFar(files: ReadonlyMap<string, readonly Issue[]>): Promise<void> {
    if (performance.now() - this.#sentAt >= SO_FAR_EVERY_MS) await this.#send(files, false);
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

function sameAs(options: DetectorOptions): (own: DetectorOptions) => boolean {
  const meaning = messages.meaningOf(options);
  return (own) => messages.meaningOf(own) === meaning;
}
