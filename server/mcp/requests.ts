/**
 * Requests that are being answered: each ends by itself, by its limit, when the client cancels it, or when the server stops,
 * and always with an answer. Lives as long as the server.
 */
import { ToolUseError } from './selection.ts';

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

export class Requests {
  readonly #limitMs: number;
  readonly #stopping = new AbortController();
  readonly #open = new Set<Promise<unknown>>();

  constructor(limitMs = REQUEST_TIMEOUT_MS) {
    this.#limitMs = limitMs;
  }

  get size(): number {
    return this.#open.size;
  }

  /**
   * @param work must end soon after its signal aborts; even if it does not, the request ends
   * @throws RequestError, or what `work` throws
   */
  async answer<Value>(cancelled: AbortSignal, work: (signal: AbortSignal) => Promise<Value>): Promise<Value> {
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), this.#limitMs);
    const signal = AbortSignal.any([cancelled, limit.signal, this.#stopping.signal]);
    const { promise: ended, resolve: end } = Promise.withResolvers<undefined>();
    const onAbort = (): void => end(undefined);
    signal.addEventListener('abort', onAbort, { once: true });
    this.#open.add(ended);
    try {
      if (signal.aborted) throw this.#reason(cancelled);
      const result = await Promise.race([work(signal).then((value) => ({ value })), ended]);
      if (!result) throw this.#reason(cancelled);
      return result.value;
    } catch (error) {
      throw signal.aborted ? this.#reason(cancelled, error) : error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      end(undefined);
      this.#open.delete(ended);
    }
  }

  /** Every open request ends now, and so does every later one. */
  stop(): void {
    this.#stopping.abort();
  }

  #reason(cancelled: AbortSignal, cause?: unknown): RequestError {
    if (this.#stopping.signal.aborted) return new RequestError('stopping', 'The server is stopping.', cause);
    if (cancelled.aborted) return new RequestError('cancelled', 'The request was cancelled.', cause);
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
