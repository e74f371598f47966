import { effectsIn } from '../effects.ts';
import type { Found, Rule } from '../../../rules/rule.ts';

/** By what acquires: what releases. */
const PAIRS: readonly {
  readonly acquires: RegExp;
  readonly releases: RegExp;
  readonly what: string;
  readonly way: string;
}[] = [
  {
    acquires: /(?:^|[.:])addEventListener$/,
    releases: /removeEventListener|\.abort\(|signal/,
    what: 'This listener',
    way: 'removeEventListener',
  },
  {
    acquires: /(?:^|[.:])setInterval$/,
    releases: /clearInterval|clearTimeout/,
    what: 'This interval',
    way: 'clearInterval',
  },
  {
    acquires: /\.(?:subscribe)$/,
    releases: /unsubscribe|\.dispose|\.complete|\.remove\(/,
    what: 'This subscription',
    way: 'unsubscribe',
  },
  {
    acquires: /^global:(?:window\.)?(?:WebSocket|EventSource|BroadcastChannel)$/,
    releases: /\.close\(/,
    what: 'This connection',
    way: 'close()',
  },
  {
    acquires: /^global:(?:window\.)?(?:ResizeObserver|IntersectionObserver|MutationObserver|PerformanceObserver)$/,
    releases: /\.disconnect\(|\.unobserve\(/,
    what: 'This observer',
    way: 'disconnect()',
  },
];

export const rule: Rule = {
  meta: {
    name: 'leaked-effect',
    severity: 'warning',
    description:
      'An effect of a component that starts something – a listener, an interval, a subscription, a connection, an observer – and never ends it.',
    why: 'Each time the component is shown, another one is added, and all of them keep the component in memory. Return a function that ends it (React), or end it in `onUnmounted` (Vue) or `onDestroy` (Svelte).',
    cwe: 401,
    bad: "import { useEffect } from 'react';\n\nexport function Clock({ tick }) {\n  useEffect(() => {\n    setInterval(tick, 1000);\n  }, [tick]);\n}",
    good: "import { useEffect } from 'react';\n\nexport function Clock({ tick }) {\n  useEffect(() => {\n    const timer = setInterval(tick, 1000);\n    return () => clearInterval(timer);\n  }, [tick]);\n}",
  },
  *check(file): Generator<Found> {
    if (file.isTest) return;
    for (const { tree, names } of file.scripts) {
      for (const { body, scope } of effectsIn(tree, names, file)) {
        for (const call of [...tree.all('CallExpression'), ...tree.all('NewExpression')]) {
          if (call.start < body.start || call.end > body.end) continue;
          const path = names.pathOf(call.callee);
          for (const { acquires, releases, what, way } of PAIRS) {
            if (!acquires.test(path)) continue;
            const options = call.arguments[2];
            if (way === 'removeEventListener' && options) {
              const once = names.property(options, 'once') ?? names.property(options, 'signal');
              if (once !== undefined) continue;
            }
            if (releases.test(scope)) continue;
            // Whoever gets it may end it.
            const parent = tree.parent(call);
            if (parent?.type === 'ReturnStatement' || (parent?.type === 'ArrowFunctionExpression' && parent === body))
              continue;
            yield {
              at: call.callee,
              message: `${what} is never ended, and each run of the effect adds another. Call \`${way}\` when the effect ends.`,
            };
          }
        }
      }
    }
  },
};
