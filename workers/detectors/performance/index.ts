import { ruleDetector } from '../../rules/host.ts';
import { manifest } from './manifest.ts';
import { rules } from './rule-list.ts';

export const detector = ruleDetector(manifest, rules, '1');
