/** Opens a session with a checker. Stateless. */
import { openJavascript } from '../javascript.ts';
import type { SessionSettings, TypeScriptSession } from '../session.ts';
import { openAstroCheck } from './astro-check.ts';
import type { Checker } from './checkers.ts';
import { openSvelteCheck } from './svelte-check.ts';
import { vueLanguage } from './vue.ts';

export async function openChecker(checker: Checker, settings: SessionSettings): Promise<TypeScriptSession> {
  if (checker.name === 'vue-tsc') return openJavascript(checker.compiler, settings, vueLanguage(checker));
  return checker.name === 'svelte-check' ? openSvelteCheck(checker, settings) : openAstroCheck(checker, settings.root);
}
