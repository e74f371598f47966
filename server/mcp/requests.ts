/**
 * Requests that are being answered: each ends by itself, by its limit, when the client cancels it, or when the server stops,
 * and always with an answer. Lives as long as the server.
 */
import { systemClock, type Clock } from '../clock.ts';
import { ToolUseError } from './selection.ts';
import type { ToolName } from './tools.ts';

/** Why a request has no answer. */
export type RequestErrorCode = 'stopping' | 'timeout' | 'cancelled' | 'wrong_use' | 'internal';

export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly code: RequestErrorCode;

  constructor(code: RequestErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

export const REQUEST_TIMEOUT_MS = 30_000;

/** A request without an answer yet. */
export interface ActiveRequest {
  readonly tool: ToolName;
  /** By the server's clock. */
  readonly since: number;
}

export class Requests {
  readonly #limitMs: number;
  readonly #clock: Clock;
  readonly #onChange: () => void;
  readonly #stopping = new AbortController();
  readonly #open = new Map<Promise<unknown>, ActiveRequest>();
  #refuses = false;
  #answered = 0;
  #timedOut = 0;

  /** @param onChange hears when a request begins and ends */
  constructor(limitMs = REQUEST_TIMEOUT_MS, clock = systemClock, onChange: () => void = () => {}) {
    this.#limitMs = limitMs;
    this.#clock = clock;
    this.#onChange = onChange;
  }

  get size(): number {
    return this.#open.size;
  }

  /** The oldest first. */
  get active(): readonly ActiveRequest[] {
    return [...this.#open.values()];
  }

  /** Since the start: all that have ended, and how many of these by their limit. */
  get counts(): { readonly answered: number; readonly timedOut: number } {
    return { answered: this.#answered, timedOut: this.#timedOut };
  }

  /**
   * @param work must end soon after its signal aborts; even if it does not, the request ends
   * @throws RequestError, or what `work` throws
   */
  async answer<Value>(
    tool: ToolName,
    cancelled: AbortSignal,
    work: (signal: AbortSignal) => Promise<Value>,
  ): Promise<Value> {
    const limit = new AbortController();
    const cancelTimer = this.#clock.after(this.#limitMs, () => {
      this.#timedOut += 1;
      limit.abort();
    });
    const signal = AbortSignal.any([cancelled, limit.signal, this.#stopping.signal]);
    const { promise: ended, resolve: end } = Promise.withResolvers<undefined>();
    const onAbort = (): void => end(undefined);
    signal.addEventListener('abort', onAbort, { once: true });
    this.#open.set(ended, { tool, since: this.#clock.now() });
    this.#onChange();
    try {
      if (signal.aborted || this.#refuses) throw this.#reason(cancelled);
      const result = await Promise.race([work(signal).then((value) => ({ value })), ended]);
      if (!result) throw this.#reason(cancelled);
      return result.value;
    } catch (error) {
      throw signal.aborted ? this.#reason(cancelled, error) : error;
    } finally {
      cancelTimer();
      signal.removeEventListener('abort', onAbort);
      this.#answered += 1;
      this.#open.delete(ended);
      end(undefined);
      this.#onChange();
    }
  }

  /** Refuses what comes from now on. Open requests have so long to end; then they end with `stopping`. */
  async finish(graceMs: number): Promise<void> {
    this.#refuses = true;
    const grace = Promise.withResolvers<void>();
    const cancelTimer = this.#clock.after(graceMs, grace.resolve);
    await Promise.race([Promise.all(this.#open.keys()), grace.promise]);
    cancelTimer();
    this.stop();
  }

  /** Every open request ends now, and so does every later one. */
  stop(): void {
    this.#refuses = true;
    this.#stopping.abort();
  }

  #reason(cancelled: AbortSignal, cause?: unknown): RequestError {
    if (cancelled.aborted) return new RequestError('cancelled', 'The request was cancelled.', cause);
    if (this.#refuses) return new RequestError('stopping', 'The server is stopping.', cause);
    return new RequestError('timeout', `There was no answer within ${this.#limitMs / 1000} s. Ask again, or look at status.`, cause); // prettier-ignore
  }
}

/** @param onError hears of an error that is ours */
export function asRequestError(error: unknown, onError: (error: unknown) => void): RequestError {
  if (error instanceof RequestError) return error;
  if (error instanceof ToolUseError) return new RequestError('wrong_use', error.message);
  onError(error);
  return new RequestError('internal', `The analysis failed: ${error instanceof Error ? error.message : String(error)}`);
}
