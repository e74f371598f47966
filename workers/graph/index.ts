/**
 * The module graphs of this process, one for each root, shared by all detectors that run here: the first one to check
 * a change pays for the update. Graphs live until the process ends.
 */
import { ModuleGraph, type GraphUpdate } from './graph.ts';

export { ModuleGraph, type GraphUpdate, type Module } from './graph.ts';

interface Entry {
  readonly graph: ModuleGraph;
  /** The last update; updates of one graph run one after another. */
  queue: Promise<void>;
}

const graphs = new Map<string, Entry>();

/**
 * The graph of a root, brought up to date. Read it before the next `await`, because another detector may update it
 * then.
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
