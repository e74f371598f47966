/** What answers the worker's calls: the host's own handlers, and the inputs of its requests. One per connection. */
import { ProtocolError } from './errors.ts';
import { HandlerTable } from './handler-table.ts';
import type { UncheckedHandler } from './handler-table.ts';
import type { Inputs } from './input.ts';
import { INPUT, isTransactionId } from './wire.ts';

export class HostHandlers extends HandlerTable {
  readonly #input: UncheckedHandler;

  constructor(handlers: object | undefined, inputs: Inputs) {
    super(handlers ?? {});
    this.#input = (tx, context) => {
      if (!isTransactionId(tx)) throw new ProtocolError('The worker asked for the input of no request.');
      return inputs.stream(tx, context);
    };
  }

  override find(type: string): UncheckedHandler | undefined {
    return type === INPUT ? this.#input : super.find(type);
  }
}
