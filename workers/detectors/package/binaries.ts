/** Programs that scripts in package.json run although no declared dependency provides them. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { dependenciesOf } from '../../graph/installed.ts';
import { isRecord, type Manifest, type PackageJson } from '../../graph/manifests.ts';
import type { PackageCheck } from './package-check.ts';

/** Checks only where packages are installed, because their own manifests list their programs. */
export function checkBinaries(check: PackageCheck): void {
  if (!check.isOn('unlisted-binary')) return;
  const { graph } = check;
  for (const file of check.files) {
    const { scripts } = file.manifest.data;
    const { directory } = file.manifest;
    if (check.isDelegatedToKnip(file.manifest)) continue;
    if (!isRecord(scripts) || !graph.hasInstalledPackages(directory)) continue;
    const provided = providedFor(check, file.manifest);
    if (!provided) continue;
    for (const [name, script] of Object.entries(scripts)) {
      if (typeof script !== 'string') continue;
      for (const program of new Set(programsIn(script))) {
        if (provided.has(program) || OF_THE_SYSTEM.has(program)) continue;
        const how = isLinked(graph.root, directory, program)
          ? 'It works only because another package installs it.'
          : 'It works only where somebody installed it by hand.';
        check.report(file.manifest.file, 'unlisted-binary', {
          message: `Script '${name}' runs '${program}', which no dependency of this package or the root provides. ${how} Add its package to "devDependencies".`,
          range: file.place('scripts', name),
        });
      }
    }
  }
}

/** Programs of the declared dependencies of the package and of those above it; undefined: one is not installed. */
function providedFor({ graph }: PackageCheck, manifest: Manifest): ReadonlySet<string> | undefined {
  const programs = new Set<string>();
  for (const [directory, above] of graph.manifests.all) {
    if (directory !== '' && manifest.directory !== directory && !manifest.directory.startsWith(`${directory}/`))
      continue;
    for (const program of programsOf(above.data)) programs.add(program);
    for (const { name, section } of dependenciesOf(above)) {
      const data =
        graph.manifests.members.get(name)?.data ?? graph.installed.find(name, path.join(graph.root, directory))?.data;
      if (data) for (const program of programsOf(data)) programs.add(program);
      else if (section === 'dependencies' || section === 'devDependencies') return undefined;
    }
  }
  return programs;
}

function programsOf({ bin, name = '', directories }: PackageJson): readonly string[] {
  // Every file in this folder is a program; that is too rare to look.
  if (isRecord(directories) && directories['bin'] !== undefined) return [name.split('/').at(-1) ?? name];
  if (typeof bin === 'string') return [name.split('/').at(-1) ?? name];
  return isRecord(bin) ? Object.keys(bin) : [];
}

function isLinked(root: string, directory: string, program: string): boolean {
  for (let at = path.join(root, directory); ; at = path.dirname(at)) {
    if (existsSync(path.join(at, 'node_modules/.bin', program))) return true;
    if (path.dirname(at) === at) return false;
  }
}

/** The first word of each command, after variables and wrappers such as `env`. Skips quoted text and substitutions. */
export function programsIn(script: string): readonly string[] {
  const plain = script.replace(/\\"|"(?:[^"\\]|\\.)*"|'[^']*'|\$\([^)]*\)|`[^`]*`/g, '_');
  return plain.split(/&&|\|\||[;|&\n]/).flatMap((command) => {
    const words = command
      .trim()
      .replace(/^[({!\s]+/, '')
      .split(/\s+/)
      .filter((word) => !/^\w+=/.test(word));
    const [first = '', second] = words;
    const programs = /^(cross-env|cross-env-shell|env|exec|time|sudo|nice)$/.test(first) ? [first, second] : [first];
    return programs.filter((word) => word !== undefined && /^[a-z][\w-]*$/i.test(word)) as string[];
  });
}

/** Programs of shells, of Node.js, and of usual developer machines. */
const OF_THE_SYSTEM: ReadonlySet<string> = new Set(
  `alias apt awk base64 basename bash bg brew bun bunx bzip2 call cargo cat cd chmod chown clang cls cmake cmd code command
  copy corepack cp curl cut cygpath date dd del deno diff dirname docker dotnet du echo electron emcc end env eval exec exit
  export expr false fi find for gcc git go gradle grep gunzip gzip head hg if java javac jq kill killall less ln local ls
  make md5sum mkdir mv node nodejs npm npx open perl php pip pip3 pkill pnpm pnpx podman popd powershell printf ps pushd pwd
  pwsh python python2 python3 rd read readlink realpath ren return rm rmdir robocopy rsync ruby rustc rustup scp sed seq set
  sh sha256sum shift shopt sleep sort source ssh start stat sudo svn tail tar task tee terraform test then time timeout touch
  tr trap true type ulimit umask uname uniq unset unzip wait wc wget wget2 which while who xargs xcodebuild xcopy xvfb
  xdg yarn yarnpkg yes zip zsh kubectl helm aws gcloud az gh psql mysql sqlite3 redis-cli mongod ffmpeg convert cross act
  adb pod swift xcrun codesign security hdiutil mvn protoc wasm-pack sqlcmd watchman else do done esac case function in
  xvfb-run`.split(/\s+/),
);
