import type { Found, Rule } from '../../../rules/rule.ts';
import type { Node } from '../../../rules/tree.ts';
import { flowOf } from '../flow/flow.ts';
import { callsIn } from '../flow/flow-rule.ts';

/** Packages that give the entries of an archive. */
const ARCHIVES =
  /^(?:unzipper|unzip|unzip-stream|adm-zip|yauzl|yauzl-promise|jszip|tar|tar-stream|node-stream-zip|decompress|node-7z|zip-lib|fflate)$/;
const NAMES = /^(?:path|fileName|filename|entryName|name|entryPath)$/;
const WRITES =
  /^(?:fs|fs\.promises|fs\/promises|fs-extra|\?fs)\.(?:promises\.)?(?:createWriteStream|writeFile|writeFileSync|outputFile|outputFileSync|mkdir|mkdirSync|ensureDir|ensureDirSync)$/;

export const rule: Rule = {
  meta: {
    name: 'zip-slip',
    severity: 'warning',
    description: 'The name of an entry of an archive as the path to write to.',
    why: 'An entry may be named `../../.ssh/authorized_keys`. Resolve the path and check that it begins with the folder that you extract to.',
    cwe: 22,
    confidence: 'medium',
    bad: "import { createReadStream, createWriteStream } from 'node:fs';\nimport path from 'node:path';\nimport unzipper from 'unzipper';\n\ncreateReadStream('upload.zip')\n  .pipe(unzipper.Parse())\n  .on('entry', (entry) => {\n    entry.pipe(createWriteStream(path.join('out', entry.path)));\n  });",
    good: "import { createReadStream, createWriteStream } from 'node:fs';\nimport path from 'node:path';\nimport unzipper from 'unzipper';\n\ncreateReadStream('upload.zip')\n  .pipe(unzipper.Parse())\n  .on('entry', (entry) => {\n    const target = path.resolve('out', entry.path);\n    if (!target.startsWith(path.resolve('out') + path.sep)) return;\n    entry.pipe(createWriteStream(target));\n  });",
  },
  *check(file): Generator<Found> {
    for (const script of file.scripts) {
      const { tree, names } = script;
      if (!importsArchive(file.text)) continue;
      const flow = flowOf(file, script);
      for (const call of callsIn(script)) {
        if (!WRITES.test(names.pathOf(call.callee))) continue;
        const [target] = call.arguments;
        if (!target) continue;
        const name = entryNameIn(names.valueOf(target));
        if (!name || flow.isChecked(target) || flow.isChecked(name)) continue;
        yield {
          at: target,
          message:
            'The name of an entry of an archive becomes a path; `..` in it leads out of the folder. Check that the resolved path begins with the folder.',
          steps: [{ at: name, message: 'The archive chooses this name.' }],
        };
      }

      /** `entry.path`, in a path that is put together. */
      function entryNameIn(node: Node): Node | undefined {
        if (node.type === 'MemberExpression') {
          const isName = !node.computed && node.property.type === 'Identifier' && NAMES.test(node.property.name);
          const object =
            node.object.type === 'Identifier' || node.object.type === 'MemberExpression' ? node.object : undefined;
          const objectName =
            object?.type === 'Identifier' ? object.name : object && !object.computed ? object.property.name : '';
          return isName && /^(?:zip|tar)?(?:entry|header|file|zipEntry|e|item)$/i.test(objectName) ? node : undefined;
        }
        if (node.type === 'Identifier') {
          const definition = tree.binding(node)?.definitions[0];
          if (
            definition?.kind === 'value' &&
            definition.parts.length === 1 &&
            NAMES.test(String(definition.parts[0]))
          ) {
            return definition.node.type === 'Identifier' && /entry|header|file/i.test(definition.node.name)
              ? node
              : undefined;
          }
          const value = names.valueOf(node);
          return value === node ? undefined : entryNameIn(value);
        }
        if (node.type === 'CallExpression' && /^path\.(?:join|resolve|normalize)$/.test(names.pathOf(node.callee))) {
          for (const argument of node.arguments) {
            const found = entryNameIn(argument);
            if (found) return found;
          }
        }
        if (node.type === 'TemplateLiteral') {
          for (const expression of node.expressions) {
            const found = entryNameIn(expression);
            if (found) return found;
          }
        }
        if (node.type === 'BinaryExpression' && node.operator === '+')
          return entryNameIn(node.left) ?? entryNameIn(node.right);
        return undefined;
      }
    }
  },
};

function importsArchive(text: string): boolean {
  for (const [, name = ''] of text.matchAll(/(?:from|require\()\s*['"]([\w./@-]+)['"]/g))
    if (ARCHIVES.test(name)) return true;
  return false;
}
