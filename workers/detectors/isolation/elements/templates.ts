/**
 * Templates in selectors of eslint-plugin-boundaries: paths into data, in `{{ }}` or, as before version 6, in `${ }`.
 * Pure.
 */
import { isRecord } from '../../../graph/manifests.ts';

/** Whether a text can be filled as the plugin fills it: expressions that are more than a path are not understood. */
export function isFillable(text: string): boolean {
  const expressions = [...text.matchAll(EXPRESSION)].map(([, newer, older]) => (newer ?? older ?? '').trim());
  // A file's path in version 6, its element's since 7.
  return expressions.every((one) => PATH.test(one) && !/^(from|to|element)\.path$/.test(one));
}

/** @param isLegacy `${ }` is a template too */
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

/** As Handlebars writes values. */
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
