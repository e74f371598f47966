/** Events of one request as an async iterable. The worker is slowed down to the speed at which they are read. */

export interface EventStream<Event, Result> extends AsyncIterable<Event, Result> {
  /** The request's own promise. It settles only once the events have been read: they come before it. */
  readonly result: Promise<Result>;
}

/** `start` sends the request; `cancel` gives it up, when the reader leaves the loop early. */
export function eventStream<Event, Result>(
  start: (onEvent: (event: Event) => Promise<void> | undefined) => Promise<Result>,
  cancel: () => void,
): EventStream<Event, Result> {
  const arrived: Event[] = [];
  let room: PromiseWithResolvers<void> | undefined;
  let wake: (() => void) | undefined;
  let ended = false;

  const result = start((event) => {
    arrived.push(event);
    wake?.();
    if (arrived.length < READ_AHEAD) return undefined;
    room ??= Promise.withResolvers();
    return room.promise;
  });
  const end = (): void => {
    ended = true;
    wake?.();
  };
  // A reader who only loops sees the failure as the loop's.
  result.then(end, end);

  async function* read(): AsyncGenerator<Event, Result, void> {
    try {
      for (;;) {
        while (arrived.length > 0) {
          const batch = arrived.splice(0);
          yield* batch;
          if (arrived.length > 0) continue;
          room?.resolve();
          room = undefined;
        }
        if (ended) break;
        await new Promise<void>((resolve) => (wake = resolve));
        wake = undefined;
      }
      const value = await result;
      return value;
    } finally {
      if (!ended) cancel();
      room?.resolve();
    }
  }
  const events = read();
  return { result, [Symbol.asyncIterator]: () => events };
}

/** Events that may be here unread before the worker is slowed down. */
const READ_AHEAD = 64;
