/**
 * The module graphs of this process, one for each root, shared by every detector that runs here: the first of them to
 * check a change pays for it. Graphs live until the process ends.
 */
import { ModuleGraph, type GraphUpdate } from './graph.ts';

export { ModuleGraph, type GraphUpdate, type Module } from './graph.ts';

interface Entry {
  readonly graph: ModuleGraph;
  /** The last update; updates of one graph follow each other. */
  queue: Promise<void>;
}

const graphs = new Map<string, Entry>();

/**
 * The graph of a root, brought up to date. Read it before the next `await`: another detector's update may follow.
 * @param root absolute
 * @throws the signal's reason when aborted
 */
export async function graphOf(root: string, update: GraphUpdate): Promise<ModuleGraph> {
  let entry = graphs.get(root);
  if (!entry) {
    entry = { graph: new ModuleGraph(root), queue: Promise.resolve() };
    graphs.set(root, entry);
  }
  const { graph } = entry;
  const turn = entry.queue.then(() => graph.update(update));
  entry.queue = turn.catch(() => {});
  await turn;
  return graph;
}
