/** All rules of all five detectors, also those that are off, on each file of a folder: what a worker does, in one process. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { rules as complexity } from '../../workers/detectors/complexity/rule-list.ts';
import { rules as network } from '../../workers/detectors/network/rule-list.ts';
import { rules as performance } from '../../workers/detectors/performance/rule-list.ts';
import { rules as runtime } from '../../workers/detectors/runtime/rule-list.ts';
import { rules as security } from '../../workers/detectors/security/rule-list.ts';
import { analyse } from '../../workers/rules/host.ts';

const [folder = '.'] = process.argv.slice(2);
const running = Object.entries({ security, network, performance, complexity, runtime }).map(([name, enabled]) => ({
  name,
  enabled,
  options: {},
}));
let found = 0;
for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile()) continue;
  const file = path.join(entry.parentPath, entry.name);
  const results = analyse(path.relative(folder, file), readFileSync(file, 'utf8'), running, () => {
    console.error(`${file} took too long`);
  });
  for (const list of results.values()) found += list.length;
}
console.log(`${String(found)} findings`);
