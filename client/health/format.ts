/** Numbers and times for people. Pure functions. */
import * as l10n from '@vscode/l10n';

export function memory(bytes: number): string {
  const megabytes = bytes / (1024 * 1024);
  return megabytes < 1024 ? l10n.t('{0} MB', Math.round(megabytes)) : l10n.t('{0} GB', (megabytes / 1024).toFixed(1));
}

export function percent(value: number): string {
  return l10n.t('{0} %', Math.round(value));
}

/** @param ms milliseconds */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (ms < 1000) return l10n.t('{0} ms', Math.round(ms));
  if (seconds < 60) return l10n.t('{0} s', seconds);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return l10n.t('{0} min {1} s', minutes, seconds % 60);
  return l10n.t('{0} h {1} min', Math.floor(minutes / 60), minutes % 60);
}

/** @param at milliseconds since the epoch */
export function time(at: number): string {
  return new Date(at).toLocaleTimeString();
}

/** A state of a worker or a detector, in words. */
export function stateWords(state: string): string {
  switch (state) {
    case 'backing-off':
      return l10n.t('waits before it restarts');
    case 'not-applicable':
      return l10n.t('not applicable');
    case 'confirming':
      return l10n.t('rechecking');
    case 'partial':
      return l10n.t('incomplete');
    case 'restricted':
      return l10n.t('not run');
    case 'off':
      return l10n.t('off');
    case 'waiting':
      return l10n.t('waiting');
    case 'running':
      return l10n.t('running');
    case 'cancelled':
      return l10n.t('cancelled');
    case 'done':
      return l10n.t('done');
    case 'degraded':
      return l10n.t('degraded');
    case 'failed':
      return l10n.t('failed');
    case 'starting':
      return l10n.t('starting');
    case 'ready':
      return l10n.t('ready');
    case 'busy':
      return l10n.t('busy');
    case 'disabled':
      return l10n.t('disabled');
    case 'stopped':
      return l10n.t('stopped');
    default:
      return state;
  }
}
