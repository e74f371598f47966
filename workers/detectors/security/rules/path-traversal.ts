import { flowRule } from '../flow/flow-rule.ts';
import { leadsOut } from '../flow/trace.ts';

const ONE =
  'readFile|readFileSync|writeFile|writeFileSync|appendFile|appendFileSync|createReadStream|createWriteStream|open|openSync|unlink|unlinkSync|rm|rmSync|rmdir|rmdirSync|mkdir|mkdirSync|readdir|readdirSync|opendir|truncate|truncateSync|chmod|chmodSync|chown|chownSync|outputFile|outputFileSync|readJson|readJsonSync|readJSON|writeJson|remove|removeSync|emptyDir|ensureFile|ensureDir|stat|statSync|lstat|lstatSync|access|accessSync|exists|existsSync|readlink|realpath|realpathSync|utimes|watch|watchFile|rename|renameSync|copyFile|copyFileSync|link|symlink|symlinkSync|copy|copySync|move|moveSync|cp|cpSync';
const TWO =
  /\.(?:rename|renameSync|copyFile|copyFileSync|link|symlink|symlinkSync|copy|copySync|move|moveSync|cp|cpSync)$/;

export const rule = flowRule({
  meta: {
    name: 'path-traversal',
    severity: 'warning',
    description: 'Data from outside in the path of a file.',
    why: 'With `..` in it, the path leads out of the folder that it is meant for. Take only the name with `path.basename`, or resolve the path and check that it begins with the folder.',
    cwe: 22,
    confidence: 'high',
    bad: "import { readFile } from 'node:fs/promises';\nimport path from 'node:path';\nimport express from 'express';\n\nexpress().get('/report', async (req, res) => {\n  res.json(await readFile(path.join('reports', req.query.name), 'utf8'));\n});",
    good: "import { readFile } from 'node:fs/promises';\nimport path from 'node:path';\nimport express from 'express';\n\nexpress().get('/report', async (req, res) => {\n  res.json(await readFile(path.join('reports', path.basename(req.query.name)), 'utf8'));\n});",
  },
  sinks: [
    { callee: new RegExp(`^(?:fs|fs/promises|fs\\.promises|fs-extra|graceful-fs|original-fs|mz/fs)\\.(?:promises\\.)?(?:${ONE})$`), arguments: [0] },
    { callee: new RegExp(`^\\?(?:fs|fsp|fsPromises|fse)\\.(?:promises\\.)?(?:${ONE})$`), arguments: [0] },
    { callee: TWO, arguments: [1], accepts: (_, call, { names }) => /^\??fs/.test(names.pathOf(call.callee)) },
    // Express refuses `..`, but not a path that begins at the root of the disk.
    { callee: /(?:^|[.?])(?:res|response|reply|rep|this)\.(?:sendFile|sendfile|download)$/, arguments: [0], accepts: ({ isStart, path }, call, { names }) => (isStart || path.normal) && (call.arguments[1] === undefined || names.property(call.arguments[1], 'root') === undefined) },
    { callee: /^(?:send|koa-send)$/, arguments: [1], accepts: (_, call, { names }) => names.property(call.arguments[2], 'root') === undefined },
    { callee: /^(?:global:)?(?:Bun\.file|Deno\.(?:readFile|readTextFile|writeFile|open|remove)(?:Sync)?)$/, arguments: [0] },
  ],
  accepts: leadsOut,
  arePaths: true,
  advice: '`..` leads out of the folder. Use `path.basename`, or check that the resolved path begins with the folder.',
}); // prettier-ignore
