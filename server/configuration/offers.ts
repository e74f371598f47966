/** Tools that a project has installed and configured, and does not declare. Reads only. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { presets, type ToolPreset } from '../../workers/protocol/tool-presets.ts';

/**
 * @param root absolute
 * @param declared names in `external`, also those that are turned off
 * @returns names of presets; those that a detector runs already are not among them
 */
export function toolsToOffer(root: string, declared: readonly string[]): readonly string[] {
  return Object.entries(presets).flatMap(([name, preset]) => {
    if (preset.tool.ranBy !== undefined || declared.includes(name)) return [];
    const isConfigured = preset.configurations.some((file) => existsSync(path.join(root, file)));
    return isConfigured && isInstalled(root, name, preset) ? [name] : [];
  });
}

function isInstalled(root: string, name: string, preset: ToolPreset): boolean {
  if (preset.package !== undefined && existsSync(path.join(root, 'node_modules', preset.package))) return true;
  const folders = (process.env['PATH'] ?? '').split(path.delimiter).filter((folder) => path.isAbsolute(folder));
  return folders.some((folder) => ['', '.exe'].some((ending) => existsSync(path.join(folder, name + ending))));
}
