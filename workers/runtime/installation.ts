/**
 * Why packages cannot be found: nothing is installed, a package of the workspace is not, or one dependency is not. Says
 * which findings follow from that, and how to install. Lives as long as one check.
 */
import path from 'node:path';
import type { Cause } from '../protocol/detector-protocol.ts';
import { PackageChain, placeOf, typesOf, type PackageFolder } from './package-chain.ts';

/** The rule of the `package` detector for the same fact. */
const rule = 'not-installed';

const start = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };

export class Installation {
  readonly packages: PackageChain;
  readonly #root: string;

  /** @param root absolute */
  constructor(root: string) {
    this.#root = root;
    this.packages = new PackageChain(root);
  }

  /**
   * Why Node or a compiler does not find a package, or its types.
   * @param folder absolute, of the file that asks for it
   * @returns undefined: it is there, or an installation would not bring it
   */
  causeOf(name: string, folder: string): Cause | undefined {
    if (isForeign(folder) || this.packages.isPlugged(folder) || this.packages.finds(name, folder)) return undefined;
    const names = [name, typesOf(name)];
    const chain = this.packages.of(folder);
    for (const own of chain) {
      const declared = names.find((one) => own.required.includes(one) && !this.packages.finds(one, own.directory));
      if (declared !== undefined) return this.#causeIn(own) ?? this.#missing(own, declared);
    }
    // Nobody knows whether a package that is not declared would come with another one.
    return this.causeIn(folder);
  }

  /** Like {@link causeOf}, for a package that must be declared. */
  causeOfDeclared(name: string, folder: string): Cause | undefined {
    const isDeclared = this.packages.of(folder).some(({ required }) => required.includes(name));
    return isDeclared ? this.causeOf(name, folder) : undefined;
  }

  /** Nothing is installed that the package of a folder needs. */
  causeIn(folder: string): Cause | undefined {
    if (isForeign(folder) || this.packages.isPlugged(folder)) return undefined;
    const [own] = this.packages.of(folder);
    return own && this.#causeIn(own);
  }

  /** A part of what the package of a folder needs is not installed, or nothing. */
  partialCauseIn(folder: string): Cause | undefined {
    const [own] = isForeign(folder) ? [] : this.packages.of(folder);
    if (own === undefined || this.packages.isPlugged(folder)) return undefined;
    const [first] = this.packages.missingOf(own);
    return this.#causeIn(own) ?? (first === undefined ? undefined : this.#missing(own, first));
  }

  #causeIn(own: PackageFolder): Cause | undefined {
    const installation = this.packages.installationOf(own);
    const concerned = [own, installation].filter(({ required }) => required.length > 0);
    if (concerned.length === 0) return undefined;
    const isEmpty = concerned.every((each) => this.packages.missingOf(each).length === each.required.length);
    if (isEmpty && !this.packages.hasPackages(installation)) {
      return this.#causeInRoot(installation) ?? this.#nothing(installation, installation);
    }
    const { required } = own;
    const missing = this.packages.missingOf(own).length;
    if (missing < 2 || (missing < required.length && !this.#standsAlone(own, installation))) return undefined;
    return this.#nothing(own, installation);
  }

  /** It is no member of a workspace and has no packages of its own: what is found above it is there for others. */
  #standsAlone(own: PackageFolder, installation: PackageFolder): boolean {
    const isBelow = this.packages.of(path.dirname(own.directory)).length > 0;
    return installation === own && isBelow && !this.packages.hasPackages(own);
  }

  /** In a fresh clone, examples and the like are no causes of their own: the root comes first. */
  #causeInRoot({ directory }: PackageFolder): Cause | undefined {
    const [root] = this.packages.of(this.#root);
    return root === undefined || root.directory === directory || !isIn(directory, root.directory)
      ? undefined
      : this.#causeIn(root);
  }

  #nothing(own: PackageFolder, installation: PackageFolder): Cause {
    const command = this.packages.installCommand(installation);
    const folder = this.#relative(own.directory);
    const place = this.#relative(installation.directory);
    return {
      key: `${rule} ${folder}`,
      rule,
      file: this.#relative(path.join(own.directory, 'package.json')),
      range: start,
      message: `Nothing${folder === '' ? '' : ` of ${folder}`} is installed, so answers are missing. Run '${command}'${inFolder(place)}.`,
    };
  }

  #missing(own: PackageFolder, name: string): Cause {
    const installation = this.packages.installationOf(own);
    const command = this.packages.installCommand(installation, name);
    const place = this.#relative(installation.directory);
    return {
      key: `${rule} ${this.#relative(own.directory)} ${name}`,
      rule,
      file: this.#relative(path.join(own.directory, 'package.json')),
      range: placeOf(own, name),
      message: `'${name}' is declared but not installed. Run '${command}'${inFolder(place)}.`,
    };
  }

  #relative(absolute: string): string {
    return path.relative(this.#root, absolute).split(path.sep).join('/');
  }
}

function inFolder(relative: string): string {
  return relative === '' ? '' : ` in ${relative}`;
}

function isIn(folder: string, ancestor: string): boolean {
  return folder.startsWith(ancestor + path.sep);
}

/** What is inside of an installed package is the business of its authors. */
function isForeign(folder: string): boolean {
  return /[\\/]node_modules(?:[\\/]|$)/.test(folder);
}
