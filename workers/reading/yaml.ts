/** The YAML parser, to be loaded on demand: a bundled `import('yaml')` would have no named exports, because yaml is CommonJS. */
export { parseDocument } from 'yaml';
