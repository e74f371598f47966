/** The parts of TypeScript's API that are used, in every version that typescript-eslint works with. */

export interface Program {
  getSourceFile(file: string): SourceFile | undefined;
  /** The program's own: what is written here is in force. */
  getCompilerOptions(): { stripInternal?: boolean | undefined };
  getTypeChecker(): TypeChecker;
  emit(
    source: SourceFile,
    writeFile: (name: string, text: string) => void,
    cancellation: undefined,
    onlyDeclarations: true,
    transformers: undefined,
    /** Though the options may not ask for declarations. */
    force: true,
  ): { readonly diagnostics: readonly unknown[] };
}

export interface SourceFile {
  readonly fileName: string;
  readonly externalModuleIndicator?: unknown;
  readonly commonJsModuleIndicator?: unknown;
  readonly imports?: readonly { readonly text: string }[];
  readonly referencedFiles?: readonly { readonly fileName: string }[];
}

export interface TypeChecker {
  getSymbolAtLocation(node: unknown): { readonly declarations?: readonly Declaration[] } | undefined;
}

export interface Declaration {
  getSourceFile(): SourceFile;
}
