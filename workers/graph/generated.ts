/** Whether a tool made a file. Pure. */

/** It says so at its top. */
export function isMarkedGenerated(text: string): boolean {
  const header = HEADER.exec(text.slice(0, MAXIMUM_HEADER))?.[0];
  if (header === undefined || !/generated/i.test(header)) return false;
  return MARK.test(header) || (/\bgenerated\b/i.test(header) && FORBIDS_EDITS.test(header));
}

/** Nobody writes lines that long. */
export function isMinified(text: string): boolean {
  if (text.length < MINIMUM_MINIFIED) return false;
  let lines = 1;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines++;
  return text.length / lines > MAXIMUM_LINE;
}

/** UTF-16 code units. */
const MINIMUM_MINIFIED = 10_000;
const MAXIMUM_LINE = 1000;
const MAXIMUM_HEADER = 3000;

/** The comments before the first code, also of a component, which may begin with its first script. */
const HEADER = /^(?:#!.*)?(?:\s|\/\/.*|\/\*[^]*?\*\/|<!--[^]*?-->|---|<script\b[^>]*>|(["'])use \w+\1;?)+/;

/** At the start of a line, so that a text about generated files is none. */
const MARK =
  /^[\s/*#!<-]*(?:@generated\b|(?:th(?:is|e) (?:file|code|module) (?:is|was|has been) )?auto(?:matically)?[\s-]?generated\b)/im;

const FORBIDS_EDITS =
  /\bdo not (?:\w+ )?(?:edit|modify|change|touch)\b|\b(?:edits|changes|modifications)\b.{0,60}\b(?:overwritten|lost)\b/i;
