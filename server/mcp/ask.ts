/** One question of any tool, as a client that nothing has checked may send it. */
import { z } from 'zod';
import type { Answer } from './budget.ts';
import type { Requests } from './requests.ts';
import { ToolUseError } from './selection.ts';
import type { Session } from './session.ts';
import { tools, type ToolName } from './tools.ts';

export function isToolName(name: string): name is ToolName {
  return Object.hasOwn(tools, name);
}

/** @throws RequestError, ToolUseError */
export async function ask(
  session: Session,
  requests: Requests,
  name: ToolName,
  input: unknown,
  cancelled: AbortSignal,
): Promise<Answer> {
  return requests.answer(name, cancelled, (signal) => {
    switch (name) {
      case 'problems':
        return session.problems(parsed(tools.problems.inputSchema, input), signal);
      case 'check':
        return session.check(parsed(tools.check.inputSchema, input), signal);
      case 'explain':
        return session.explain(parsed(tools.explain.inputSchema, input), signal);
      case 'fix':
        return session.fix(parsed(tools.fix.inputSchema, input), signal);
      case 'status':
        return session.status(parsed(tools.status.inputSchema, input), requests.size, signal);
    }
  });
}

function parsed<Schema extends z.ZodType>(schema: Schema, input: unknown): z.infer<Schema> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw new ToolUseError(z.prettifyError(result.error));
}
