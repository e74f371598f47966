// Writes docs/workers-api.md: every public name of the libraries with its shape and its docstring, taken from the
// sources. `node scripts/api.mjs` after a change of either; test/unit/ipc/api.test.ts fails otherwise.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import prettier from 'prettier';
import ts from 'typescript';
import { publicEntries } from './entries.mjs';

const root = path.resolve(import.meta.dirname, '..');
const target = path.join(root, 'docs/workers-api.md');

/** Of all entries but the engine's. */
export function publicNames() {
  const entries = publicEntries().filter(({ name }) => name !== '.');
  const program = ts.createProgram({
    rootNames: entries.map(({ source }) => path.join(root, source)),
    // Names and docstrings need no types of Node, and without them this takes no time.
    options: {
      noLib: true,
      types: [],
      noEmit: true,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      allowImportingTsExtensions: true,
      target: ts.ScriptTarget.ESNext,
    },
  });
  const checker = program.getTypeChecker();
  return entries.flatMap(({ name: entry, source }) => {
    const module = checker.getSymbolAtLocation(program.getSourceFile(path.join(root, source)));
    return checker.getExportsOfModule(module).map((exported) => {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      const declarations = symbol.getDeclarations() ?? [];
      return {
        name: exported.name,
        entry: `bulkhead${entry.slice(1)}`,
        kind: kindOf(declarations[0]),
        doc: docOf(symbol, checker),
        shape: shapeOf(declarations),
        undocumented: declarations.flatMap(membersOf).flatMap(undocumentedMethod),
      };
    });
  });
}

/** The text of docs/workers-api.md. */
export async function apiPage() {
  const names = publicNames();
  const entries = [...new Set(names.map(({ entry }) => entry))];
  const sections = entries.map((entry) => {
    const own = names.filter((about) => about.entry === entry).sort((a, b) => (a.name < b.name ? -1 : 1));
    const contents = own.map(({ name }) => `[\`${name}\`](#${name.toLowerCase()})`).join(' · ');
    return [`## ${entry}`, contents, ...own.map(nameSection)].join('\n\n');
  });
  const page = [
    '<!-- Written by scripts/api.mjs from the docstrings in the sources. -->',
    '# Isolated workers: every public name',
    'The guide is [workers.md](workers.md). Times are milliseconds, sizes are bytes, unless a name says otherwise. What a' +
      ' function throws comes as a rejection if it returns a promise; [Errors](workers.md#errors) lists the classes.',
    ...sections,
  ].join('\n\n');
  const options = await prettier.resolveConfig(target);
  return prettier.format(page, { ...options, parser: 'markdown' });
}

function nameSection({ name, kind, doc, shape }) {
  return `### ${name}\n\n*${kind}.* ${doc}\n\n\`\`\`ts shape\n${shape}\n\`\`\``;
}

function kindOf(declaration) {
  if (ts.isFunctionDeclaration(declaration)) return 'function';
  if (ts.isClassDeclaration(declaration)) return 'class';
  if (ts.isInterfaceDeclaration(declaration)) return 'interface';
  return ts.isTypeAliasDeclaration(declaration) ? 'type' : 'value';
}

function docOf(symbol, checker) {
  const text = ts.displayPartsToString(symbol.getDocumentationComment(checker));
  const tags = symbol.getJsDocTags(checker).map(({ name, text: parts }) => {
    const about = ts.displayPartsToString(parts).trim();
    if (name === 'param') return `Parameter ${about.replace(/^(\S+)/, '`$1`:')}`;
    return `${name === 'returns' ? 'Returns' : name === 'throws' ? 'Throws' : name} ${about}`;
  });
  return linked([text, ...tags].filter((part) => part !== '').join('\n\n'));
}

/** Links of docstrings to links of the page. */
function linked(text) {
  return text.replaceAll(/\{@link (\w+)\}/g, (_, name) => `[\`${name}\`](#${name.toLowerCase()})`);
}

/** Overloads hide their implementation. */
function shapeOf(declarations) {
  const open = declarations.filter((one) => !ts.isFunctionDeclaration(one) || one.body === undefined);
  return (open.length > 0 ? open : declarations).map(textOf).join('\n');
}

function textOf(declaration) {
  if (ts.isFunctionDeclaration(declaration)) return signature(declaration);
  if (ts.isClassDeclaration(declaration)) {
    const members = declaration.members.filter((member) => !isPrivate(member)).map(memberText);
    return `${headOf(declaration)} {\n${members.map((text) => `  ${text}`).join('\n')}\n}`;
  }
  if (!ts.isVariableDeclaration(declaration)) return withoutModifiers(declaration);
  const type = declaration.type?.getText();
  return `const ${declaration.name.getText()}${type === undefined ? '' : `: ${type}`};`;
}

function signature(declaration) {
  const { body } = declaration;
  const text = declaration.getText();
  const head = body === undefined ? text : text.slice(0, body.getStart() - declaration.getStart()).trimEnd();
  return `${head.replace(/^export (?:async )?/, '').replace(/;$/, '')};`;
}

function headOf(declaration) {
  const text = declaration.getText().replace(/^export /, '');
  return text.slice(0, text.indexOf('{')).trim();
}

function memberText(member) {
  const text = member.getText();
  const body =
    ts.isMethodDeclaration(member) || ts.isConstructorDeclaration(member) || ts.isAccessor(member)
      ? member.body
      : undefined;
  if (body !== undefined) return `${text.slice(0, body.getStart() - member.getStart()).trimEnd()};`;
  if (!ts.isPropertyDeclaration(member) || member.initializer === undefined || member.type === undefined) return text;
  return `${text.slice(0, member.initializer.getStart() - member.getStart()).replace(/\s*=\s*$/, '')};`;
}

function withoutModifiers(declaration) {
  return declaration.getText().replace(/^export /, '');
}

function isPrivate(member) {
  return member.name !== undefined && ts.isPrivateIdentifier(member.name);
}

function membersOf(declaration) {
  return ts.isInterfaceDeclaration(declaration) || ts.isClassDeclaration(declaration) ? [...declaration.members] : [];
}

/** An overload stands for the others of its name. */
function undocumentedMethod(member) {
  const isMethod = ts.isMethodSignature(member) || ts.isMethodDeclaration(member);
  if (
    !isMethod ||
    isPrivate(member) ||
    ts.getModifiers(member)?.some(({ kind }) => kind === ts.SyntaxKind.OverrideKeyword)
  )
    return [];
  const name = member.name.getText();
  const same = [...member.parent.members].filter((other) => other.name?.getText() === name);
  return same.some((other) => ts.getJSDocCommentsAndTags(other).length > 0) ? [] : [name];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) writeFileSync(target, await apiPage());
