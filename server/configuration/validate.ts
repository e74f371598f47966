/** Validates values by a schema, and returns their valid parts. Pure. */
import type { ErrorObject } from 'ajv';
import { distance } from 'fastest-levenshtein';
import type { ValueSchema } from '../../workers/protocol/manifest.ts';
import { schemas } from './schema.ts';
import * as validators from './validators.ts';

export type JsonPath = readonly (string | number)[];

export interface Flaw {
  readonly rule: 'unknown-option' | 'invalid-value';
  /** One or two sentences; suggests the nearest valid name if there is one. */
  readonly message: string;
  readonly path: JsonPath;
}

export interface Validation {
  /** The value without its invalid parts. Undefined: all of it is invalid. */
  readonly value: unknown;
  readonly flaws: readonly Flaw[];
}

/** More than any schema needs, so that a bug here cannot cause an endless loop in the server. */
const maxRounds = 20;
/** More flaws would not help the user, and finding the place of each takes time. */
const maxFlaws = 100;

/** @returns the valid parts, and a flaw for each of the first hundred invalid parts */
export function validated(name: keyof typeof schemas, value: unknown): Validation {
  const validate = validators[name];
  const flaws: Flaw[] = [];
  let valid = value;
  // Removing an invalid part may make another part invalid, so this repeats until everything is valid.
  for (let round = 1; valid !== undefined && !validate(valid); round += 1) {
    const errors = validate.errors ?? [];
    if (round === 1) flaws.push(...errors.slice(0, maxFlaws).map((error) => flawOf(error, valid, schemas[name])));
    const paths = errors.map((error) => invalidPath(error, valid));
    valid = round < maxRounds ? without(valid, paths) : undefined;
  }
  return { value: valid, flaws: onePerPath(flaws) };
}

function flawOf(error: ErrorObject, value: unknown, schema: ValueSchema): Flaw {
  const path = invalidPath(error, value);
  if (error.keyword !== 'additionalProperties') {
    return { rule: 'invalid-value', message: messageOf(error, valueAt(value, path)), path };
  }
  const [name, parent] = [String(path.at(-1)), path.slice(0, -1)];
  const message = `Unknown ${kindOf(parent)}: ${JSON.stringify(name)}.${suggestion(name, namesAt(schema, parent))}`;
  return { rule: 'unknown-option', message, path };
}

/** Path of the invalid value; for an unknown name, the path of its value. */
function invalidPath({ instancePath, keyword, params }: ErrorObject, value: unknown): JsonPath {
  const path = pathOf(instancePath, value);
  if (keyword !== 'additionalProperties') return path;
  return [...path, String((params as Readonly<Record<string, unknown>>)['additionalProperty'])];
}

/** What kind of name is at this place. */
function kindOf(path: JsonPath): string {
  if (path.at(-1) === 'detectors') return 'detector';
  if (String(path.at(-1)).endsWith('rules')) return 'rule';
  return path.length === 0 ? 'setting' : 'option';
}

function messageOf({ keyword, message = '', params }: ErrorObject, value: unknown): string {
  const { allowedValues, type, limit, missingProperty } = params as Readonly<Record<string, unknown>>;
  const given = JSON.stringify(value);
  if (keyword === 'enum' && Array.isArray(allowedValues)) {
    const words = allowedValues.map(String);
    const hint = typeof value === 'string' ? suggestion(value, words) : '';
    return `Expected ${alternatives(words.map((word) => JSON.stringify(word)))}, found ${given}.${hint}`;
  }
  if (keyword === 'type') return `Expected ${alternatives([type].flat().map(nameOfType))}, found ${given}.`;
  if (keyword === 'minimum') return `Expected ${String(limit)} or more, found ${given}.`;
  if (keyword === 'maximum') return `Expected ${String(limit)} or less, found ${given}.`;
  if (keyword === 'required') return `Missing option: ${JSON.stringify(missingProperty)}.`;
  if (keyword === 'minLength') return 'Expected a non-empty text.';
  return `Invalid value: it ${message}.`;
}

function nameOfType(type: unknown): string {
  if (type === 'boolean') return 'true or false';
  if (type === 'integer') return 'a whole number';
  return `${type === 'array' || type === 'object' ? 'an' : 'a'} ${String(type)}`;
}

function alternatives(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${String(words.at(-1))}`;
}

/** ` Did you mean "…"?` */
function suggestion(name: string, known: readonly string[]): string {
  const nearest = nearestOf(name, known);
  return nearest === undefined ? '' : ` Did you mean ${JSON.stringify(nearest)}?`;
}

/** @returns undefined: no known name is similar enough */
function nearestOf(name: string, known: readonly string[]): string | undefined {
  const ranked = known.map((candidate) => ({ candidate, rank: difference(name, candidate) }));
  const [best] = ranked.toSorted((one, other) => one.rank - other.rank);
  return best?.rank === Number.POSITIVE_INFINITY ? undefined : best?.candidate;
}

/** Number of letters that differ. Infinity: so many differ within one part between dots that it is another word. */
function difference(name: string, candidate: string): number {
  const [parts, others] = [name, candidate].map((text) => text.toLowerCase().split('.')) as [string[], string[]];
  if (parts.length !== others.length) return Number.POSITIVE_INFINITY;
  return parts.reduce((sum, part, index) => {
    const other = others[index] ?? '';
    if (part.length > 2 && other.startsWith(part)) return sum + 1;
    const letters = distance(part, other);
    // Two swapped letters count as two differences.
    const most = part.length < 5 ? 1 : Math.max(2, Math.floor(part.length / 3));
    return sum + (letters <= most ? letters : Number.POSITIVE_INFINITY);
  }, 0);
}

/** The names that the schema knows at a path. */
function namesAt(schema: ValueSchema, path: JsonPath): readonly string[] {
  let place: ValueSchema | undefined = schema;
  for (const step of path) place = typeof step === 'number' ? place?.items : schemaOf(place, step);
  return Object.keys(place?.properties ?? {});
}

/** The schema of a property, or of any other that the schema allows. */
function schemaOf(schema: ValueSchema | undefined, name: string): ValueSchema | undefined {
  const named = schema?.properties;
  if (named !== undefined && Object.hasOwn(named, name)) return named[name];
  const others = schema?.additionalProperties;
  return typeof others === 'object' ? others : undefined;
}

/** Parses a JSON pointer. Indexes of arrays become numbers. */
function pathOf(pointer: string, value: unknown): JsonPath {
  const path: (string | number)[] = [];
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    path.push(Array.isArray(valueAt(value, path)) ? Number(name) : name);
  }
  return path;
}

function valueAt(value: unknown, path: JsonPath): unknown {
  return path.reduce<unknown>(
    (place, step) => (record(place) as Readonly<Record<string | number, unknown>>)[step],
    value,
  );
}

/** A copy without the values at these paths. */
function without(value: unknown, paths: readonly JsonPath[]): unknown {
  if (paths.some((path) => path.length === 0)) return undefined;
  if (typeof value !== 'object' || value === null || paths.length === 0) return value;
  const below = Map.groupBy(paths, ([first]) => String(first));
  const left = Object.entries(value).flatMap(([name, part]: [string, unknown]) => {
    const rest = (below.get(name) ?? []).map((path) => path.slice(1));
    const kept = without(part, rest);
    return kept === undefined ? [] : [[name, kept] as const];
  });
  return Array.isArray(value) ? left.map(([, part]) => part) : Object.fromEntries(left);
}

/** A wrong value may break several keywords of its schema. */
function onePerPath(flaws: readonly Flaw[]): readonly Flaw[] {
  return [...new Map(flaws.toReversed().map((flaw) => [JSON.stringify(flaw.path), flaw])).values()].reverse();
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
