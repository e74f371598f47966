#!/usr/bin/env node
/* global require */
// The command `bulkhead`. Every Node can read this file: one that is too old says so, instead of failing on newer syntax.
'use strict';

const { engines } = require('../package.json');

const [major, minor] = process.versions.node.split('.').map(Number);
const [neededMajor, neededMinor] = engines.node.replace('>=', '').split('.').map(Number);

// A language server tells its editor why it cannot run; it needs ES modules for that.
const speaksToEditor = process.argv[2] === 'lsp' && major >= 16;

if (major > neededMajor || (major === neededMajor && minor >= neededMinor) || speaksToEditor) {
  import('../dist/cli.mjs');
} else {
  console.error(
    `bulkhead: Node.js ${neededMajor}.${neededMinor} or newer is needed; this is ${process.versions.node}.`,
  );
  process.exitCode = 2;
}
