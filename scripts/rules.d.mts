export declare const ruleDetectors: readonly string[];
export declare function generatedRules(): Promise<Readonly<Record<string, string>>>;
