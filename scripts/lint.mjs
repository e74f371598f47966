// Runs ESLint with type information over everything, then checks the formatting.
import { spawnSync } from 'node:child_process';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const fix = process.argv.includes('--fix');

const codes = [
  ['node_modules/eslint/bin/eslint.js', '.', '--max-warnings', '0', ...(fix ? ['--fix'] : [])],
  ['node_modules/prettier/bin/prettier.cjs', fix ? '--write' : '--check', '--log-level', 'warn', '.'],
].map((argv) => spawnSync(process.execPath, argv, { cwd: root, stdio: 'inherit' }).status ?? 1);

process.exit(codes.some((code) => code !== 0) ? 1 : 0);
