/** The protocol: tools, their answers and errors. Lives as long as the connection, or over HTTP one exchange. */
import { McpServer, type CallToolResult, type ServerContext } from '@modelcontextprotocol/server';
import { version } from '../version.ts';
import type { Answer } from './budget.ts';
import { asRequestError, type Requests } from './requests.ts';
import type { Session } from './session.ts';
import { serverInstructions, tools, type ToolName } from './tools.ts';

export function mcpServer(session: Session, requests: Requests, onError: (error: unknown) => void): McpServer {
  // The tools are always the same.
  const capabilities = { tools: { listChanged: false } };
  const server = new McpServer({ name: 'bulkhead', version }, { instructions: serverInstructions, capabilities });
  const run = async (
    tool: ToolName,
    context: ServerContext,
    work: (signal: AbortSignal) => Promise<Answer>,
  ): Promise<CallToolResult> => {
    try {
      const { text, structured } = await requests.answer(tool, context.mcpReq.signal, work);
      return { content: [{ type: 'text', text }], structuredContent: structured };
    } catch (error) {
      const { code, message } = asRequestError(error, onError);
      return {
        isError: true,
        content: [{ type: 'text', text: `${code}: ${message}` }],
        structuredContent: { error: { code, message } },
      };
    }
  };
  server.registerTool('problems', tools.problems, (question, context) =>
    run('problems', context, (signal) => session.problems(question, signal)),
  );
  server.registerTool('check', tools.check, (question, context) =>
    run('check', context, (signal) => session.check(question, signal)),
  );
  server.registerTool('explain', tools.explain, (question, context) =>
    run('explain', context, (signal) => session.explain(question, signal)),
  );
  server.registerTool('fix', tools.fix, (question, context) =>
    run('fix', context, (signal) => session.fix(question, signal)),
  );
  server.registerTool('status', tools.status, (question, context) => run('status', context, (signal) => session.status(question, requests.size, signal))); // prettier-ignore
  return server;
}
