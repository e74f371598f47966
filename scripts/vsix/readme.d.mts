export declare function pageOf(file: string, root: string): string;
