/**
 * What makes plans, findings and problems well-formed: third-party detectors may return anything, and code that runs in a
 * worker may write anything to the server. Pure.
 */
import type {
  Cause,
  DetectorProblem,
  Finding,
  Fix,
  InterfaceSignature,
  PlanResult,
  Position,
  Range,
  RelatedPlace,
  TextEdit,
  Unit,
} from './detector-protocol.ts';

const SEVERITIES = new Set<unknown>(['error', 'warning', 'info', 'hint']);
const TAGS = new Set<unknown>(['unnecessary', 'deprecated']);
const FIX_KINDS = new Set<unknown>(['fix', 'suggestion']);
const STATUSES = new Set<unknown>(['ready', 'not-applicable', 'failed']);
const UNIT_KINDS = new Set<unknown>(['file', 'project', 'graph']);
const LANES = new Set<unknown>([undefined, 'light', 'heavy']);
const DEPENDENCIES = new Set<unknown>(['types', 'modules', 'workspace']);
const PROBLEM_CODES = new Set<unknown>(['CONFIG_ERROR', 'TOOL_MISSING', 'TOOL_ERROR', 'UNREADABLE', 'INVALID_RESULT']);

/** The largest position of LSP. */
const MAX_POSITION = 2 ** 31 - 1;

/** An object that claims to be a `Shape`. */
type Claim<Shape> = Partial<Record<keyof Shape, unknown>>;

/** @returns what is wrong with a finding, in a few words; undefined: it is valid */
export function flawOfFinding(value: unknown): string | undefined {
  if (!isObject<Finding>(value)) return 'not an object';
  if (!isName(value.rule)) return 'no rule';
  const { rule, message, severity, range, url, fixes, related, tags, cause } = value;
  const flaw = (text: string): string => `${text} (rule ${rule})`;
  if (typeof message !== 'string') return flaw('no message');
  if (!SEVERITIES.has(severity)) return flaw('unknown severity');
  if (!isRange(range)) return flaw('no valid range');
  if (!isOptional(url, isString)) return flaw('url is not a text');
  if (!isOptional(fixes, listOf(isFix))) return flaw('fixes is not a list of fixes');
  if (!isOptional(related, listOf(isPlace))) return flaw('related is not a list of places');
  if (
    !isOptional(
      tags,
      listOf((tag) => TAGS.has(tag)),
    )
  )
    return flaw('unknown tags');
  if (!isOptional(cause, isCause)) return flaw('no valid cause');
  return undefined;
}

/** @returns what is wrong with a plan, in a few words; undefined: it is valid */
export function flawOfPlan(value: unknown): string | undefined {
  if (!isObject<PlanResult>(value)) return 'not an object';
  if (!STATUSES.has(value.status)) return 'unknown status';
  const { units, problems, configFiles, note, engine, extensions } = value;
  if (!Array.isArray(units) || !Array.isArray(problems) || !Array.isArray(configFiles))
    return 'units, problems or configFiles is not a list';
  if (!isOptional(note, isString) || !isOptional(engine, isString)) return 'note or engine is not a text';
  if (!configFiles.every(isString) || !isOptional(extensions, listOf(isString)))
    return 'configFiles or extensions has what is not a text';
  if (!problems.every(isProblem)) return 'a problem has no code or message';
  const seen = new Set<unknown>();
  for (const unit of units) {
    if (!isObject<Unit>(unit)) return 'a unit is not an object';
    const { id, file, group, kind, lane, dependsOn } = unit;
    if (typeof id !== 'string' || !isName(file) || typeof group !== 'string') return 'a unit has no id, file or group';
    if (!UNIT_KINDS.has(kind)) return `unit ${id} has an unknown kind`;
    if (!LANES.has(lane)) return `unit ${id} has an unknown lane`;
    if (
      !isOptional(
        dependsOn,
        listOf((each) => DEPENDENCIES.has(each)),
      )
    )
      return `unit ${id} depends on nothing known`;
    if (seen.has(id)) return `unit ${id} occurs twice`;
    seen.add(id);
  }
  return undefined;
}

export function isProblem(value: unknown): value is DetectorProblem {
  if (!isObject<DetectorProblem>(value)) return false;
  const { code, message, file, range, fatal, degrades, cause } = value;
  return (
    PROBLEM_CODES.has(code) &&
    typeof message === 'string' &&
    isOptional(file, isName) &&
    isOptional(range, isRange) &&
    typeof fatal === 'boolean' &&
    isOptional(degrades, (flag) => flag === true) &&
    isOptional(cause, isCause)
  );
}

export function isSignature(value: unknown): value is InterfaceSignature {
  if (!isObject<InterfaceSignature>(value)) return false;
  const { types, modules, imports, global } = value;
  return (
    isString(types) &&
    isString(modules) &&
    isOptional(imports, listOf(isString)) &&
    isOptional(global, (flag) => flag === true)
  );
}

export function isObject<Shape>(value: unknown): value is Claim<Shape> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isString(value: unknown): value is string {
  return typeof value === 'string';
}

/** A text that may name something, such as a file. */
export function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && !value.includes('\0');
}

export function isOptional(value: unknown, isValid: (value: unknown) => boolean): boolean {
  return value === undefined || isValid(value);
}

export function listOf(isValid: (value: unknown) => boolean): (value: unknown) => boolean {
  return (value) => Array.isArray(value) && value.every((each) => isValid(each));
}

function isCause(value: unknown): value is Cause {
  if (!isObject<Cause>(value)) return false;
  const { key, rule, file, message, range } = value;
  return [key, rule, file, message].every(isName) && isRange(range);
}

function isFix(value: unknown): value is Fix {
  if (!isObject<Fix>(value)) return false;
  const { title, kind, edits } = value;
  return isString(title) && FIX_KINDS.has(kind) && listOf(isEdit)(edits);
}

function isEdit(value: unknown): value is TextEdit {
  if (!isObject<TextEdit>(value)) return false;
  return isOptional(value.file, isName) && isRange(value.range) && isString(value.newText);
}

function isPlace(value: unknown): value is RelatedPlace {
  if (!isObject<RelatedPlace>(value)) return false;
  return isName(value.file) && isRange(value.range) && isString(value.message);
}

function isRange(value: unknown): value is Range {
  if (!isObject<Range>(value)) return false;
  const { start, end } = value;
  if (!isPosition(start) || !isPosition(end)) return false;
  return start.line < end.line || (start.line === end.line && start.character <= end.character);
}

function isPosition(value: unknown): value is Position {
  return isObject<Position>(value) && isOffset(value.line) && isOffset(value.character);
}

function isOffset(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_POSITION;
}
