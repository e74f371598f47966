// What people read of the extension, for translators: package.nls.json has the texts of package.json, l10n/bundle.l10n.json
// those of client/. A translation lies beside each, such as package.nls.de.json and l10n/bundle.l10n.de.json.
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import l10n from '@vscode/l10n-dev';

const root = path.resolve(import.meta.dirname, '..');

/** Where VS Code shows a text, in settings and in the schemas of their values. */
const shown = new Set(['title', 'description', 'markdownDescription', 'deprecationMessage', 'markdownDeprecationMessage', 'patternErrorMessage', 'errorMessage']); // prettier-ignore
const shownLists = new Set(['enumDescriptions', 'markdownEnumDescriptions', 'enumItemLabels']);
const prefix = 'setting.';

/**
 * Replaces each text of `contributes.configuration` by its key.
 * @returns the sections, and the texts by key
 */
export function externalised(sections) {
  const texts = {};
  const keyOf = (at, text) => {
    const key = `${prefix}${at.join('.')}`;
    texts[key] = text;
    return `%${key}%`;
  };
  const replaced = (value, at) => {
    if (Array.isArray(value)) return value.map((each, index) => replaced(each, [...at, index]));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, each]) => {
        if (shown.has(name) && typeof each === 'string') return [name, keyOf([...at, name], each)];
        if (shownLists.has(name)) return [name, each.map((text, index) => keyOf([...at, name, index], text))];
        // The values are no texts of ours.
        if (name === 'default' || name === 'enum') return [name, each];
        return [name, replaced(each, name === 'properties' ? at : [...at, name])];
      }),
    );
  };
  return {
    sections: sections.map(({ title, properties, ...section }, index) => ({
      title: keyOf(['section', index + 1], title),
      ...section,
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, schema]) => [name, replaced(schema, [name.replace(/^bulkhead\./, '')])]),
      ),
    })),
    texts,
  };
}

/** The texts that are written by hand, with those of the settings. */
export function withTextsOfSettings(nls, ofSettings) {
  const own = Object.entries(nls).filter(([key]) => !key.startsWith(prefix));
  return { ...Object.fromEntries(own), ...ofSettings };
}

/** @returns {string[]} the sources that may show texts, relative to the repository */
export function clientSources() {
  return globSync('client/**/*.ts', { cwd: root })
    .map((file) => file.replaceAll('\\', '/'))
    .sort();
}

/** The texts in `l10n.t` of the client, sorted. */
export async function clientTexts() {
  const sources = clientSources().map((file) => readFileSync(path.join(root, file), 'utf8'));
  const bundle = await l10n.getL10nJson(sources.map((contents) => ({ contents, extension: '.ts' })));
  return Object.fromEntries(Object.entries(bundle).sort(([one], [other]) => (one < other ? -1 : 1)));
}
