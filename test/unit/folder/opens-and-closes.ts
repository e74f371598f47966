/** Opens a folder with everything it can have, analyses it, closes it, and ends only if nothing is left open. */
import { Folder } from '../../../server/folder/folder.ts';

const [, , root = '', storageDir = ''] = process.argv;

await using folder = await Folder.open(root, {
  settings: { detectors: { only: ['circular'] }, sharing: { role: 'member' } },
  storage: { dir: storageDir },
  live: true,
  watch: true,
});
await folder.analyze();
await folder.idle();
process.stdout.write(`${folder.status()[0]?.state}: ${folder.issues().length} issues\n`);
