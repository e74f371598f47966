/** The request of the editor's client on behalf of an agent. Only types and method names, which both sides import. */

export const agentRequests = {
  /** {@link ToolParams} → {@link ToolAnswer}: a tool of `bulkhead mcp`, answered by the analysis that runs. */
  tool: 'bulkhead/tool',
} as const;

/** What the names of the tools have before them in an editor, where all extensions share one list. */
export const toolPrefix = 'bulkhead_';

/** The editor's name of what registers the MCP server. */
export const mcpProvider = 'bulkhead.mcp';

export interface ToolParams {
  /** Without {@link toolPrefix}. */
  readonly name: string;
  readonly input: unknown;
}

export interface ToolAnswer {
  readonly text: string;
  readonly structured: Readonly<Record<string, unknown>>;
  /** There is no answer, and `text` says why. */
  readonly isError: boolean;
}
