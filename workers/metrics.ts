/** Entry of a process that prints the coupling of every folder of a root as one line of JSON, and ends. */
import path from 'node:path';
import { folderCouplings } from './detectors/isolation/metrics.ts';
import { graphOf } from './graph/index.ts';
import type { FolderMetrics } from './protocol/metrics.ts';

const graph = await graphOf(path.resolve(process.argv[2] ?? '.'), { overlays: [] });
const folders = Array.from(folderCouplings(graph), ([folder, coupling]): FolderMetrics => ({ folder, ...coupling }));
process.stdout.write(`${JSON.stringify(folders)}\n`);
