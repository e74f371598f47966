/** Validates plans and findings, because third-party detectors may return anything. Pure. */
import type { Cause, Finding, PlanResult, Position, Range, Unit } from '../protocol/detector-protocol.ts';

const SEVERITIES = new Set<unknown>(['error', 'warning', 'info', 'hint']);
const STATUSES = new Set<unknown>(['ready', 'not-applicable', 'failed']);
const UNIT_KINDS = new Set<unknown>(['file', 'project', 'graph']);

/** @returns what is wrong with a finding, in a few words; undefined: it is valid */
export function flawOfFinding(value: unknown): string | undefined {
  if (value === null || typeof value !== 'object') return 'not an object';
  const finding = value as Partial<Record<keyof Finding, unknown>>;
  if (typeof finding.rule !== 'string' || finding.rule === '') return 'no rule';
  if (typeof finding.message !== 'string') return `no message (rule ${finding.rule})`;
  if (!SEVERITIES.has(finding.severity)) return `unknown severity (rule ${finding.rule})`;
  if (!isRange(finding.range)) return `no valid range (rule ${finding.rule})`;
  if (finding.fixes !== undefined && !Array.isArray(finding.fixes)) return `fixes is not a list (rule ${finding.rule})`;
  if (finding.related !== undefined && !Array.isArray(finding.related)) {
    return `related is not a list (rule ${finding.rule})`;
  }
  if (finding.cause !== undefined && !isCause(finding.cause)) return `no valid cause (rule ${finding.rule})`;
  return undefined;
}

/** @returns what is wrong with a plan, in a few words; undefined: it is valid */
export function flawOfPlan(value: unknown): string | undefined {
  if (value === null || typeof value !== 'object') return 'not an object';
  const plan = value as Partial<Record<keyof PlanResult, unknown>>;
  if (!STATUSES.has(plan.status)) return 'unknown status';
  if (!Array.isArray(plan.units) || !Array.isArray(plan.problems) || !Array.isArray(plan.configFiles)) {
    return 'units, problems or configFiles is not a list';
  }
  const seen = new Set<unknown>();
  for (const unit of plan.units as readonly (Partial<Record<keyof Unit, unknown>> | null)[]) {
    if (unit === null || typeof unit !== 'object') return 'a unit is not an object';
    if (typeof unit.id !== 'string' || typeof unit.file !== 'string' || typeof unit.group !== 'string') {
      return 'a unit has no id, file or group';
    }
    if (!UNIT_KINDS.has(unit.kind)) return `unit ${unit.id} has an unknown kind`;
    if (seen.has(unit.id)) return `unit ${unit.id} occurs twice`;
    seen.add(unit.id);
  }
  return undefined;
}

function isCause(value: unknown): boolean {
  if (value === null || typeof value !== 'object') return false;
  const { key, rule, file, message, range } = value as Partial<Record<keyof Cause, unknown>>;
  return [key, rule, file, message].every((text) => typeof text === 'string' && text !== '') && isRange(range);
}

function isRange(value: unknown): value is Range {
  if (typeof value !== 'object' || value === null) return false;
  const { start, end } = value as Partial<Record<keyof Range, unknown>>;
  if (!isPosition(start) || !isPosition(end)) return false;
  return start.line < end.line || (start.line === end.line && start.character <= end.character);
}

function isPosition(value: unknown): value is Position {
  if (typeof value !== 'object' || value === null) return false;
  const { line, character } = value as Partial<Record<keyof Position, unknown>>;
  return isOffset(line) && isOffset(character);
}

function isOffset(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0;
}
