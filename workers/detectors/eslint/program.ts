/** The parts of the TypeScript API that are used; they exist in every version that typescript-eslint supports. */

export interface Program {
  getSourceFile(file: string): SourceFile | undefined;
  /** The program's own object: changes to it take effect. */
  getCompilerOptions(): { stripInternal?: boolean | undefined };
  getTypeChecker(): TypeChecker;
  emit(
    source: SourceFile,
    writeFile: (name: string, text: string) => void,
    cancellation: undefined,
    onlyDeclarations: true,
    transformers: undefined,
    /** Emits declarations even if the options do not ask for them. */
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
