/**
 * The border between workers and the server. Code of the workspace runs in a worker and can write there whatever the
 * worker can, so nothing that comes from one is taken as it is: it has the shape of the protocol, is about what was asked,
 * and leads nowhere else. What leads elsewhere (an edit outside of the root, a link that is a command) is taken off an
 * issue; what is no issue of this check is left out, and a problem says so.
 */
import path from 'node:path';
import type {
  CheckEvent,
  CheckRequest,
  CheckResult,
  DetectorProblem,
  Fix,
  Issue,
  PlanResult,
  RelatedPlace,
} from '../../workers/protocol/detector-protocol.ts';
import type { CheckReply, PlanReply } from '../../workers/protocol/worker-messages.ts';
import {
  flawOfFinding,
  flawOfPlan,
  isName,
  isObject,
  isOptional,
  isProblem,
  isSignature,
  isString,
  listOf,
} from '../../workers/protocol/well-formed.ts';

/** Problems of one check about what its worker sent; the rest is the same again. */
const MAX_FLAWS = 20;

/** Issues, files begun and done, and problems of one check. More would not find room in the server. */
const MAX_TAKEN = 2_000_000;
/** Characters of a message. */
const MAX_MESSAGE = 64 * 1024;

/** What compilers and linters read, and what configures them: a project may include such files outside of the root. */
const READ_OUTSIDE = /\.(?:[cm]?[jt]sx?|json[c5]?|vue|svelte|astro|mdx?|ya?ml)$/;

type EventFields = Partial<Record<'kind' | 'unit' | 'file' | 'issues' | 'signature' | 'engine' | 'done' | 'total' | 'what' | 'problem', unknown>>; // prettier-ignore

/** Vets the events and the answer of one check. */
export class Vetting {
  readonly #request: Pick<CheckRequest, 'detector' | 'units'>;
  readonly #units: ReadonlySet<unknown>;
  #flaws = 0;
  #taken = 0;

  constructor(request: Pick<CheckRequest, 'detector' | 'units'>) {
    this.#request = request;
    this.#units = new Set(request.units.map(({ id }) => id));
  }

  /** @returns what may be taken of an event, and problems about the rest */
  events(value: unknown): readonly CheckEvent[] {
    const event = isObject<EventFields>(value) ? value : {};
    if (event.kind !== 'progress' && this.#isTooMuch(event.issues)) return this.#flaw('is one of too many');
    switch (event.kind) {
      case 'begin':
      case 'done':
      case 'issues':
        return this.#fileEvent(event);
      case 'answeredBy': {
        const { unit, engine } = event;
        if (!this.#units.has(unit) || !isString(engine)) return this.#flaw('names no tool of a unit');
        return [{ kind: 'answeredBy', unit: unit as string, engine }];
      }
      case 'progress': {
        const { done, total, what } = event;
        if (!isAmount(done) || !isAmount(total)) return [];
        return [{ kind: 'progress', done, total, ...(isString(what) ? { what } : {}) }];
      }
      case 'problem':
        if (!isProblem(event.problem)) return this.#flaw('is no problem');
        return [{ kind: 'problem', problem: vettedProblem(event.problem) }];
      default:
        return this.#flaw('is of no known kind');
    }
  }

  /** @returns undefined: the answer is none */
  result(reply: unknown): CheckReply | undefined {
    if (!isObject<CheckReply>(reply) || !isString(reply.version) || !isObject<CheckResult>(reply.result))
      return undefined;
    const { durationMs, files, issues, timings, coverage, provisional, notes } = reply.result;
    const isValid =
      [durationMs, files, issues].every(isAmount) &&
      isOptional(timings, recordOf(isAmount)) &&
      isOptional(
        coverage,
        recordOf((each) => each === 'unchanged' || each === 'affected'),
      ) &&
      isOptional(provisional, listOf(isString)) &&
      isOptional(notes, recordOf(isString));
    return isValid ? (reply as unknown as CheckReply) : undefined;
  }

  #fileEvent(event: EventFields): readonly CheckEvent[] {
    const { kind, unit, file, issues, signature } = event;
    if (!this.#units.has(unit)) return this.#flaw('is about a unit that was not asked for');
    if (!isName(file) || !isReadable(file)) return this.#flaw(`is about ${quoted(file)}, a file outside of the root`);
    const place = { unit: unit as string, file };
    if (kind === 'begin') return [{ kind, ...place }];
    if (kind === 'done') return [{ kind, ...place, ...(isSignature(signature) ? { signature } : {}) }];
    if (!Array.isArray(issues)) return this.#flaw('has no list of issues');
    const flaws: CheckEvent[] = [];
    const valid: Issue[] = [];
    for (const issue of issues as readonly unknown[]) {
      const flaw = this.#flawOfIssue(issue, file);
      if (flaw === undefined) valid.push(vettedIssue(issue as Issue));
      else flaws.push(...this.#flaw(`has an issue that is none: ${flaw}`));
    }
    return valid.length === 0 ? flaws : [...flaws, { kind: 'issues', ...place, issues: valid }];
  }

  #flawOfIssue(value: unknown, file: string): string | undefined {
    const flaw = flawOfFinding(value);
    if (flaw !== undefined) return flaw;
    const { detector, file: own, fixable, fingerprint, fixedTexts, cause } = value as Issue;
    if (detector !== this.#request.detector) return `it claims to be of ${quoted(detector)}`;
    if (own !== file) return `it claims to be in ${quoted(own)}`;
    if (typeof fixable !== 'boolean' || !isString(fingerprint)) return 'it has no fingerprint';
    if (!isOptional(fixedTexts, recordOf(isString))) return 'its fixed texts are no hashes';
    if (cause && !isReadable(cause.file)) return `its cause is in ${quoted(cause.file)}, outside of the root`;
    return undefined;
  }

  #isTooMuch(issues: unknown): boolean {
    this.#taken += Array.isArray(issues) ? Math.max(1, issues.length) : 1;
    return this.#taken > MAX_TAKEN;
  }

  #flaw(what: string): readonly CheckEvent[] {
    this.#flaws += 1;
    if (this.#flaws > MAX_FLAWS) return [];
    const { detector } = this.#request;
    const message = `The worker of ${detector} sent a message that ${what}. It is ignored.`;
    return [{ kind: 'problem', problem: { code: 'INVALID_RESULT', message, fatal: true } }];
  }
}

/** @returns the plan without what leads elsewhere, or what is wrong with it */
export function vettedPlan(reply: unknown): PlanReply | string {
  if (!isObject<PlanReply>(reply) || !isString(reply.version)) return 'no plan';
  const flaw = flawOfPlan(reply.plan);
  if (flaw !== undefined) return flaw;
  const plan = reply.plan as PlanResult;
  const outside = plan.units.find(({ file }) => !isReadable(file));
  if (outside !== undefined) return `the unit ${quoted(outside.id)} is of a file outside of the root`;
  return { version: reply.version, plan: { ...plan, problems: plan.problems.map(vettedProblem) } };
}

function vettedProblem(problem: DetectorProblem): DetectorProblem {
  const { file, cause } = problem;
  const isFine = (file === undefined || isReadable(file)) && (cause === undefined || isReadable(cause.file));
  if (isFine) return problem;
  const { code, message, fatal, degrades } = problem;
  return { code, message, fatal, ...(degrades === undefined ? {} : { degrades }) };
}

/** Takes off what leads elsewhere. Most issues have nothing of it, and are not copied. */
function vettedIssue(issue: Issue): Issue {
  const { url, fixes = [], related = [], consequences, message } = issue;
  const isFine =
    (url === undefined || isLink(url)) &&
    fixes.every(isInside) &&
    related.every(isPlaceReadable) &&
    consequences === undefined &&
    message.length <= MAX_MESSAGE;
  if (isFine) return issue;
  const { url: _url, fixes: _fixes, related: _related, consequences: _consequences, ...rest } = issue;
  const own = fixes.filter(isInside);
  const places = related.filter(isPlaceReadable);
  return {
    ...rest,
    message: message.length <= MAX_MESSAGE ? message : `${message.slice(0, MAX_MESSAGE)}…`,
    fixable: own.some(({ kind }) => kind === 'fix'),
    ...(url !== undefined && isLink(url) ? { url } : {}),
    ...(own.length > 0 ? { fixes: own } : {}),
    ...(places.length > 0 ? { related: places } : {}),
  };
}

/** An editor opens the links of issues, and runs those that are commands. */
function isLink(url: string): boolean {
  const protocol = URL.parse(url)?.protocol;
  return protocol === 'http:' || protocol === 'https:';
}

function isInside({ edits }: Fix): boolean {
  return edits.every(({ file }) => file === undefined || isBelowRoot(file));
}

function isPlaceReadable({ file }: RelatedPlace): boolean {
  return isReadable(file);
}

/** @param file relative to the root, with forward slashes */
function isReadable(file: string): boolean {
  return isBelowRoot(file) || READ_OUTSIDE.test(file);
}

function isBelowRoot(file: string): boolean {
  const plain = path.posix.normalize(file.replaceAll('\\', '/'));
  return plain !== '..' && !plain.startsWith('../') && !path.posix.isAbsolute(plain) && !/^[a-z]:/i.test(plain);
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function recordOf(isValid: (value: unknown) => boolean): (value: unknown) => boolean {
  return (value) => isObject<Record<string, unknown>>(value) && Object.values(value).every((each) => isValid(each));
}

function quoted(value: unknown): string {
  return isString(value) ? JSON.stringify(value.slice(0, 200)) : typeof value;
}
