/** What is wrong with the configurations that the graph is made from, by the detector that reports it. Pure. */
import path from 'node:path';
import { configurationOf } from '../protocol/file-patterns.ts';
import { START, type Flaw } from '../reading/config-file.ts';
import type { ModuleGraph } from './graph.ts';

/** Configurations that are a folder, a pipe, or anything else than a file. */
export function unreadableConfigurations(graph: ModuleGraph, owner: keyof typeof configurationOf): readonly Flaw[] {
  return graph.unreadable
    .filter(({ path: file, code }) => code === 'ENOTFILE' && configurationOf[owner].test(path.posix.basename(file)))
    .map(({ path: file, message }) => ({
      file,
      range: START,
      message: `${path.posix.basename(file)} cannot be read: ${message}. Replace it by a file, or remove it.`,
    }));
}

/** Directories whose files are missing in the graph. */
export function unreadableDirectories(graph: ModuleGraph): readonly Flaw[] {
  return graph.unreadable
    .filter(({ code }) => code !== 'ENOTFILE')
    .map(({ path: directory, message }) => ({
      file: directory === '' ? '.' : directory,
      range: START,
      message: `This folder cannot be read, so its files are not checked: ${message}. Grant read permission, or exclude it.`,
    }));
}

/**
 * Flaws of tsconfigs.
 * @param withTypescript the detector `typescript` reports those of the projects that it checks
 */
export function tsconfigFlaws(graph: ModuleGraph, withTypescript: boolean): readonly Flaw[] {
  const { projects } = graph;
  return projects.flawsByProject.flatMap(([project, flaws]) => {
    const isChecked = /^[jt]sconfig\.json$/.test(path.posix.basename(project)) || projects.isReferenced(project);
    if (withTypescript && isChecked) return [];
    // One finding says that nothing is installed.
    return flaws.filter(({ kind, file }) => kind !== 'package' || graph.hasInstalledPackages(path.posix.dirname(file)));
  });
}
