/** Templates in selectors of eslint-plugin-boundaries: `{{ path }}`, or `${ path }` before version 6. Pure. */
import { isRecord } from '../../../graph/manifests.ts';

/** Whether a template is supported: only paths are, not other expressions. */
export function isFillable(text: string): boolean {
  const expressions = [...text.matchAll(EXPRESSION)].map(([, newer, older]) => (newer ?? older ?? '').trim());
  // The path of the file in version 6, of the element since version 7.
  return expressions.every((one) => PATH.test(one) && !/^(from|to|element)\.path$/.test(one));
}

/** @param isLegacy also fills `${ }` */
export function fill(text: string, data: unknown, isLegacy: boolean): string {
  return text.replace(EXPRESSION, (whole, newer?: string, older?: string) => {
    if (newer === undefined && !isLegacy) return whole;
    return escaped(valueAt((newer ?? older ?? '').trim(), data));
  });
}

const EXPRESSION = /\{\{([^{}]*)\}\}|\$\{([^{}]*)\}/g;
const PATH = /^(?!this\b|else\b)[\w-]+(\.(\w[\w-]*|\[\w+\]))*$/;

function valueAt(path: string, data: unknown): string {
  let value = data;
  for (const name of path.split('.')) {
    const key = name.replace(/^\[(.*)\]$/, '$1');
    value =
      isRecord(value) && Object.hasOwn(value, key) ? value[key] : Array.isArray(value) ? value[Number(key)] : undefined;
  }
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}

/** Formats values as Handlebars does. */
function escaped(value: string): string {
  return value.replace(/[&<>"'`=]/g, (character) => ENTITIES[character] ?? character);
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#x27;',
  '`': '&#x60;',
  '=': '&#x3D;',
};
