import { flowRule } from '../flow/flow-rule.ts';
import { choosesHost as leadsAnywhere, type Trace } from '../flow/trace.ts';

const choosesHost = (trace: Trace): boolean =>
  (leadsAnywhere(trace) || (trace.before === '/' && !isOfPath(trace))) && !comesBack(trace);

export const rule = flowRule({
  meta: {
    name: 'open-redirect',
    severity: 'warning',
    description: 'A redirect to an address that comes from outside.',
    why: 'A link to your site then leads to any other, which looks like yours and asks for passwords; a `javascript:` address runs code. Redirect only to paths of your own, or to a list of hosts.',
    cwe: 601,
    confidence: 'high',
    bad: "import express from 'express';\n\nexpress().get('/login', (req, res) => {\n  res.redirect(req.query.next);\n});",
    good: "import express from 'express';\n\nexpress().get('/login', (req, res) => {\n  res.redirect(req.query.next === '/admin' ? '/admin' : '/');\n});",
  },
  sinks: [
    { callee: /(?:^|[.?])(?:res|response|reply|rep|ctx|context|c|param:context|param:context\.response|h)\.redirect$/, accepts: choosesHost },
    { callee: /^(?:next\/navigation\.(?:redirect|permanentRedirect)|@sveltejs\/kit\.redirect|@remix-run\/node\.redirect|react-router\.redirect|h3\.sendRedirect|global:sendRedirect|next\/server\.NextResponse\.redirect|global:Response\.redirect|global:navigateTo|astro\b.*redirect)$/, accepts: choosesHost },
    { callee: /(?:^|[.?])(?:res|response|reply)\.(?:setHeader|header|set|append)$/, arguments: [1], accepts: (trace, call, { names }) => choosesHost(trace) && names.stringOf(call.arguments[0])?.toLowerCase() === 'location' },
    { callee: /(?:^|[.?])(?:res|response|reply)\.(?:writeHead)$/, arguments: [1, 2], properties: ['Location', 'location'], accepts: choosesHost },
    { callee: /(?:^|[.?])(?:res|response|reply)\.location$/, arguments: [0], accepts: choosesHost },
    { callee: /^global:(?:(?:window|document|self|top|parent)\.)*location\.(?:assign|replace)$|^global:(?:window\.)?open$/, arguments: [0], accepts: leadsAway },
  ],
  *others({ tree, names }) {
    for (const { left, right } of tree.all('AssignmentExpression')) {
      if (left.type !== 'MemberExpression' && left.type !== 'Identifier') continue;
      const path = names.pathOf(left);
      if (!/^global:(?:(?:window|document|self|top|parent)\.)*location(?:\.href)?$/.test(path)) continue;
      yield { value: right, what: '`location`', accepts: leadsAway };
    }
  },
  advice: 'The link leads to any site. Redirect to a path of your own, or to a host from a list.',
}); // prettier-ignore

/** A part of a path has no slash that would make a host of what follows. */
function isOfPath({ source, isPicked }: Trace): boolean {
  return isPicked !== true && /\.(?:params|url|originalUrl|path|pathname)\b/.test(source.label);
}

/** To the page that the link is on, or to the own address. */
function comesBack({ source, origin, isPicked }: Trace): boolean {
  const [header] = origin.type === 'CallExpression' ? origin.arguments : [];
  if (/referr?er/i.test(header?.type === 'Literal' ? String(header.value) : source.label)) return true;
  return (
    isPicked !== true &&
    /^(?:req|ctx)(?:\.(?:req|request))?\.(?:url|originalUrl|nextUrl|path|pathname)(?:\.(?!searchParams|query)|$)/.test(
      source.label,
    )
  );
}

function leadsAway({ isStart, isPicked, source }: Trace): boolean {
  return isStart && (isPicked === true || !isOwnPath(source.label));
}

/** A page that loads itself, or another path of its own host, stays there. */
function isOwnPath(label: string): boolean {
  return /^(?:window\.|document\.)?location(?:\.(?:href|pathname|toString\(\)))?$|document\.URL|baseURI|documentURI/.test(
    label,
  );
}
