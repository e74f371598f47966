/**
 * Which issues say that a configuration cannot be used as it is written. Tools then work with what they could read of it, so
 * their answers may be about another configuration than the one that is meant. Pure.
 */
import path from 'node:path';
import type { Issue } from '../../workers/protocol/detector-protocol.ts';
import { compilerConfig } from '../../workers/protocol/file-patterns.ts';

/**
 * TypeScript's: no JSON, an option that it does not know or whose value it refuses, a base or a file that it cannot read,
 * nothing to check. An option that is out of date, or a reference that leads nowhere, is a mistake that it understands.
 */
const refused = /^TS(?:1\d{3}|5012|5014|502[345]|5083|6046|6053|1800[0-3])$/;

export function isBrokenConfiguration({ detector, rule, file, severity }: Issue): boolean {
  if (severity !== 'error') return false;
  if (detector === 'typescript') return compilerConfig.test(path.posix.basename(file)) && refused.test(rule);
  return detector === 'package' && rule === 'invalid-json';
}
