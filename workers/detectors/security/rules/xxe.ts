import type { Found } from '../../../rules/rule.ts';
import { callsIn, flowRule } from '../flow/flow-rule.ts';

const flow = flowRule({
  meta: {
    name: 'xxe',
    severity: 'error',
    description: 'An XML parser that replaces external entities.',
    why: 'An entity of the document can name a file of the server, or an internal address, whose content then appears in the parsed document. Leave `noent` and the loading of DTDs off.',
    cwe: 611,
    confidence: 'high',
    bad: "import { parseXml } from 'libxmljs';\n\nexport function read(text) {\n  return parseXml(text, { noent: true });\n}",
    good: "import { parseXml } from 'libxmljs';\n\nexport function read(text) {\n  return parseXml(text, { noent: false });\n}",
  },
  sinks: [
    { callee: /^(?:expat|node-expat)\.Parser\(\)\.(?:write|parse)$/, arguments: [0] },
    // These replace entities unless they are told not to.
    { callee: /^libxmljs2?\.(?:SaxParser|SaxPushParser)\(\)\.(?:parseString|push)$/, arguments: [0] },
  ],
  advice: 'Its entities may name files of the server. Use a parser that ignores them.',
});

const PARSERS =
  /^(?:libxmljs2?|libxml|libxml-xsd|libxmljs-mt)\.(?:parseXml|parseXmlString|parseXmlAsync|parseHtml|SaxParser|SaxPushParser|Document\.fromXml)$|^\?(?:libxml\w*|xml)\.parseXml(?:String)?$/;

export const rule = {
  meta: flow.meta,
  *check(file, options): Generator<Found> {
    yield* flow.check(file, options);
    for (const script of file.scripts) {
      const { names } = script;
      for (const call of callsIn(script)) {
        if (!PARSERS.test(names.pathOf(call.callee))) continue;
        for (const name of ['noent', 'replaceEntities']) {
          const value = names.property(call.arguments[1], name);
          if (value === undefined || value === 'unclear' || names.constantOf(value) !== true) continue;
          yield {
            at: value,
            message: `\`${name}\` replaces entities, which may name files of the server. Leave it off.`,
            fixes: [{ title: `Set ${name} to false`, kind: 'suggestion', edits: [{ at: value, text: 'false' }] }],
          };
        }
      }
    }
  },
} satisfies typeof flow;
