// A tool of this workspace, declared in bulkhead.config.json: every height in a table of tides is a number.
import { readFileSync } from 'node:fs';

for (const file of process.argv.slice(2)) {
  for (const [index, line] of readFileSync(file, 'utf8').split(/\r?\n/).entries()) {
    const [time = '', height = ''] = line.split(',');
    if (index === 0 || line === '' || Number.isFinite(Number(height))) continue;
    console.log(`${file}:${index + 1}:${time.length + 2}: error: ${height} is no height. [height]`);
    process.exitCode = 1;
  }
}
